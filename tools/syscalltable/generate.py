#!/usr/bin/env python3
"""Writes src/Berth.Linux/Seccomp/SyscallTable.Data.cs: system call names and their numbers on each architecture.

Two sources are merged, and have to agree where both know a call:
  * the kernel's user headers of every architecture, as Debian's package linux-libc-dev holds them
    (apt-get download linux-libc-dev && dpkg-deb -x linux-libc-dev_*.deb DIR; pass DIR/usr/lib/linux/uapi);
  * libseccomp's resolver, which also knows calls that headers no longer list, and all of s390 (31 bit).

usage: generate.py UAPI_DIR [LIBSECCOMP.SO] > src/Berth.Linux/Seccomp/SyscallTable.Data.cs
"""
import ctypes
import pathlib
import re
import sys

# column, header below UAPI_DIR, base of its numbers, libseccomp's token, bits that libseccomp adds to the numbers
ARCHITECTURES = [
    ("X86", "x86/asm/unistd_32.h", 0, 0x40000003, 0),
    ("X86_64", "x86/asm/unistd_64.h", 0, 0xC000003E, 0),
    ("X32", "x86/asm/unistd_x32.h", 0, 0x4000003E, 0x40000000),
    ("Arm", "arm/asm/unistd-eabi.h", 0, 0x40000028, 0),
    ("Aarch64", "arm64/asm/unistd_64.h", 0, 0xC00000B7, 0),
    ("LoongArch64", "loongarch/asm/unistd_64.h", 0, 0xC0000102, 0),
    ("M68k", "m68k/asm/unistd_32.h", 0, 4, 0),
    ("Mips", "mips/asm/unistd_o32.h", 4000, 8, 0),
    ("Mips64", "mips/asm/unistd_n64.h", 5000, 0x80000008, 0),
    ("Mips64N32", "mips/asm/unistd_n32.h", 6000, 0xA0000008, 0),
    ("Parisc", "parisc/asm/unistd_32.h", 0, 15, 0),
    ("Parisc64", "parisc/asm/unistd_64.h", 0, 0x8000000F, 0),
    ("Ppc", "powerpc/asm/unistd_32.h", 0, 20, 0),
    ("Ppc64", "powerpc/asm/unistd_64.h", 0, 0x80000015, 0),
    ("Riscv64", "riscv/asm/unistd_64.h", 0, 0xC00000F3, 0),
    ("S390", None, 0, 22, 0),
    ("S390X", "s390/asm/unistd_64.h", 0, 0x80000016, 0),
    ("Sh", "sh/asm/unistd_32.h", 0, 0x4000002A, 0),
]
ARM_PRIVATE = {"breakpoint": 1, "cacheflush": 2, "usr26": 3, "usr32": 4, "set_tls": 5, "get_tls": 6}
ARM_BASE = 0xF0000
# Numbers with no call behind them, and names that are no system call.
IGNORED = re.compile(r"^(unused\d+|reserved\d+|Linux.*|.*SYSCALL_BASE|syscalls|ni_syscall)$")
# The second name of the same call, which the headers give by a macro.
ALIASES = {"Arm": {"sync_file_range2": "arm_sync_file_range"}}
BUCKETS = 2048


def from_header(path, base):
    names = {}
    for line in path.read_text().splitlines():
        match = re.match(r"#define\s+__NR_(\w+)\s+(.*?)\s*$", line)
        if not match or IGNORED.match(match[1]):
            continue
        number = re.fullmatch(r"\(?(?:\w+ \+ )?(\d+)\)?", match[2])
        if number:
            relative = match[2].startswith("(")
            names[match[1]] = int(number[1]) + (base if relative else 0)
    # x32's header adds the bit; the column holds the numbers without it.
    return {name: number & ~0x40000000 for name, number in names.items()}


def from_libseccomp(library, token, bits):
    names = {}
    for number in [*range(0, 7000), *range(ARM_BASE, ARM_BASE + 16)]:
        name = library.seccomp_syscall_resolve_num_arch(ctypes.c_uint32(token), ctypes.c_int(number | bits))
        if name:
            names[name.decode()] = number
    return names


def encode(number):
    if number >= ARM_BASE:
        return 0xF000 + number - ARM_BASE
    assert number < 0xF000
    return number


def slot(name):
    value = 0
    for character in name:
        value = (value * 31 + ord(character)) & 0xFFFFFFFF
    return (value ^ value >> 15) & (BUCKETS - 1)


def rows(values, per_line, show=str):
    values = [show(value) for value in values]
    return "\n".join("        " + ", ".join(values[i:i + per_line]) + "," for i in range(0, len(values), per_line))


def main():
    headers = pathlib.Path(sys.argv[1])
    library = ctypes.CDLL(sys.argv[2] if len(sys.argv) > 2 else "libseccomp.so.2")
    library.seccomp_syscall_resolve_num_arch.restype = ctypes.c_char_p
    columns, failures = {}, 0
    for column, header, base, token, bits in ARCHITECTURES:
        known = from_libseccomp(library, token, bits)
        if header:
            declared = from_header(headers / header, base)
            for name, original in ALIASES.get(column, {}).items():
                declared.setdefault(name, declared[original])
            for name, number in declared.items():
                if known.setdefault(name, number) != number:
                    print(f"{column} {name}: header {number}, libseccomp {known[name]}", file=sys.stderr)
                    failures += 1
            print(f"{column}: {len(known)} calls, {len(known.keys() - declared.keys())} in libseccomp alone: "
                  f"{sorted(known.keys() - declared.keys())}, {sorted(set(known) - set(from_libseccomp(library, token, bits)))} in headers alone",
                  file=sys.stderr)
        if column == "Arm":
            known |= {name: ARM_BASE + number for name, number in ARM_PRIVATE.items()}
        columns[column] = known
    if failures:
        sys.exit("the sources disagree")

    names = sorted(set().union(*columns.values()))
    offsets, blob = [], ""
    for name in names:
        offsets.append(len(blob))
        blob += name
    offsets.append(len(blob))
    buckets = [0] * BUCKETS
    for index, name in enumerate(names):
        place = slot(name)
        while buckets[place]:
            place = (place + 1) % BUCKETS
        buckets[place] = index + 1

    print("// Names and numbers of system calls on each architecture; written by tools/syscalltable, not by hand.")
    print("namespace Berth.Linux.Seccomp;\n")
    print("public static partial class SyscallTable")
    print("{")
    print(f"    private const int Count = {len(names)};")
    print(f"    private const int BucketMask = {BUCKETS - 1};\n")
    print("    // All names in ordinal order, one behind the other.")
    print("    private static ReadOnlySpan<byte> Names =>")
    pieces = [blob[i:i + 120] for i in range(0, len(blob), 120)]
    print(" +\n".join(f'        "{piece}"u8' for piece in pieces).replace('"u8 +', '" +').replace('" +', '"u8 +') + ";\n")
    print("    // Where each name begins, and where the last one ends.")
    print("    private static ReadOnlySpan<ushort> Offsets =>\n    [")
    print(rows(offsets, 24) + "\n    ];\n")
    print("    // Open addressing: one more than the index of a name, or nought.")
    print("    private static ReadOnlySpan<ushort> Buckets =>\n    [")
    print(rows(buckets, 32) + "\n    ];")
    for column, known in columns.items():
        print(f"\n    private static ReadOnlySpan<ushort> {column}Numbers =>\n    [")
        print(rows([encode(known[name]) if name in known else 0xFFFF for name in names], 24,
                   lambda value: "None" if value == 0xFFFF else str(value)) + "\n    ];")
    print("}")


main()
