"""One module for each way to break a rule: what to change in the sample's text.

Each case is (rule, where, what LLVM 14's text says, what it says instead); an empty third
member adds the fourth at the module's end.
"""

from __future__ import annotations

BODY = "define i64 @vnf_abi_version() #0 {\n"
SOURCE = 'source_filename = "reflect"\n'
CALLED = "vnf_abi_version"


def _instruction(rule: str, text: str, declared: str = "") -> tuple[str, str, str, str]:
    return (rule, CALLED, BODY, declared + BODY + text)


CASES: list[tuple[str, str, str, str]] = [
    ("manifest", "the module", "!portvnf.manifest = ", "!portvnf.other = "),
    ("manifest", "the manifest", r"\22abi\22:1", r"\22abi\22:77"),
    ("manifest", "the manifest", r"\22abi\22:1", r"\22aby\22:1"),
    ("manifest", "the manifest", r"\22abi\22:1", r"\22abi\22:\22one\22"),
    ("manifest", "the manifest", r"\22abi\22:1,", r"\22abi\22: 1,"),
    ("target", "the module", SOURCE, SOURCE + 'target triple = "mips64el-linux-gnuabi64"\n'),
    ("target", "the module", SOURCE, SOURCE + 'target datalayout = "e-m:e-i64:64"\n'),
    ("exports", "vnf_abi_version", BODY, BODY.replace("i64 @", "internal i64 @")),
    ("exports", "stat", "", "define i64 @stat() {\n  ret i64 0\n}\n"),
    ("exports", "weakling", "", "define weak i64 @weakling() {\n  ret i64 0\n}\n"),
    ("signatures", "vnf_abi_version", BODY, BODY.replace("()", "(i64 %0)")),
    ("signatures", "vnf_abi_version", BODY, BODY.replace("()", "(i32 %0)")),
    ("imports", "getenv", "", "declare i8* @getenv(i8*)\n"),
    ("imports", "memcpy", "", "declare i8* @memcpy(i8*, i8*, i32)\n"),
    ("intrinsics", "llvm.trap", "", "declare void @llvm.trap()\n"),
    ("intrinsics", "llvm.readcyclecounter", "", "declare i64 @llvm.readcyclecounter()\n"),
    ("intrinsics", "llvm.sqrt.f64", "", "declare double @llvm.sqrt.f64(double)\n"),
    ("globals", "global counter", "", "@counter = internal global i64 0\n"),
    ("globals", "global counter", "", "@counter = internal thread_local global i64 0\n"),
    ("globals", "global table", "", "@table = constant i64 0\n"),
    ("globals", "global table", "", "@table = external constant i64\n"),
    ("globals", "global table", "", '@table = internal constant i64 0, section "x"\n'),
    ("globals", "global other", "", "@other = internal alias i64 (), i64 ()* @vnf_abi_version\n"),
    ("globals", "the module", "",
     "$group = comdat any\n@g = internal constant i8 0, comdat($group)\n"),
    ("globals", "global llvm.global_ctors", "",
     "@llvm.global_ctors = appending global [1 x { i32, void ()*, i8* }] "
     "[{ i32, void ()*, i8* } { i32 1, void ()* @start, i8* null }]\n"
     "define internal void @start() {\n  ret void\n}\n"),
    _instruction("types", "  %x = alloca i128\n"),
    _instruction("types", "  %x = alloca double\n"),
    _instruction("types", "  %x = alloca <4 x i32>\n"),
    _instruction("types", "  %x = alloca { x86_fp80, i8 }\n"),
    _instruction("types", "  %x = alloca i8 addrspace(1)*\n"),
    _instruction("by-value", "  call void @take({ i64 }* byval({ i64 }) null)\n",
                 "define internal void @take({ i64 }* byval({ i64 }) %0) {\n  ret void\n}\n"),
    _instruction("varargs", "  call void (i64, ...) @log(i64 1, i64 2)\n",
                 "define internal void @log(i64 %0, ...) {\n  ret void\n}\n"),
    _instruction("varargs", "  %x = va_arg i8** null, i64\n"),
    _instruction("inline-asm", '  call void asm sideeffect "nop", ""()\n'),
    ("inline-asm", "the module", "", 'module asm "nop"\n'),
    _instruction("pointer-integers", "  %a = alloca i8\n  %x = ptrtoint i8* %a to i64\n"),
    _instruction("pointer-integers", "  %x = load i8, i8* inttoptr (i64 4096 to i8*)\n"),
    ("string-attributes", CALLED, BODY, BODY.replace("#0", '"target-cpu"="x86-64"')),
    ("metadata", "the module", "",
     '!llvm.module.flags = !{!900}\n!900 = !{i32 1, !"wchar_size", i32 4}\n'),
    ("metadata", "the module", "", '!llvm.ident = !{!900}\n!900 = !{!"clang"}\n'),
    ("source-name", "the module", 'source_filename = "reflect"',
     'source_filename = "/home/a/reflect.c"'),
    _instruction("vocabulary", "  fence seq_cst\n"),
    _instruction("vocabulary", "  %a = alloca i64\n  %x = load volatile i64, i64* %a\n"),
    _instruction("vocabulary", "  call fastcc void @quick()\n",
                 "define internal fastcc void @quick() {\n  ret void\n}\n"),
    ("vocabulary", CALLED, BODY, BODY.replace("#0", 'gc "x"')),
]  # fmt: skip
