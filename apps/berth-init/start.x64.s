# Where the kernel lets a program begin, and how it is called: what C# has no words for.
        .globl _start, berth_call
_start: mov %rsp, %rdi
        and $-16, %rsp
        call berth_init
        hlt

# berth_call(number, a, b, c, d, e)
berth_call:
        mov %rdi, %rax
        mov %rsi, %rdi
        mov %rdx, %rsi
        mov %rcx, %rdx
        mov %r8, %r10
        mov %r9, %r8
        syscall
        ret
        .section .note.GNU-stack,"",@progbits
