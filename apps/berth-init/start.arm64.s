# Where the kernel lets a program begin, and how it is called: what C# has no words for.
        .globl _start, berth_call
_start: mov x0, sp
        bl berth_init
        brk 0

# berth_call(number, a, b, c, d, e)
berth_call:
        mov x8, x0
        mov x0, x1
        mov x1, x2
        mov x2, x3
        mov x3, x4
        mov x4, x5
        svc 0
        ret
        .section .note.GNU-stack,"",@progbits
