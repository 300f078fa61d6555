"""Modules that break the verifier's rules: what to change in the sample's text.

Each case is (rule, where, what LLVM 14's text says, what it says instead); an empty third
member adds the fourth at the module's end. Cases marked below break their rule and no other.
"""

from __future__ import annotations

BODY = "define i64 @vnf_abi_version() #0 {\n"
SOURCE = 'source_filename = "reflect"\n'
CALLED = "vnf_abi_version"
Case = tuple[str, str, str, str]


def _instruction(rule: str, text: str, declared: str = "") -> Case:
    return (rule, CALLED, BODY, declared + BODY + text)


def _function(rule: str, text: str, head: str = "i64 @sample(i64 %0, i8* %1, i32* %2)") -> Case:
    name = head.partition("@")[2].partition("(")[0]
    return (rule, name, "", f"define internal {head} {{\n{text}\n}}\n")


def _global(rule: str, text: str) -> Case:
    return (rule, f"global {text[1:].partition(' ')[0]}", "", text + "\n")


# Each of these breaks its rule alone.
ALONE: list[Case] = [
    ("manifest", "the manifest", r"\22abi\22:1", r"\22abi\22:77"),
    ("target", "the module", SOURCE, SOURCE + 'target triple = "mips64el-linux-gnuabi64"\n'),
    ("target", "the module", SOURCE, SOURCE + 'target datalayout = "e-m:e-i64:64-ni:1"\n'),
    ("exports", "stat", "", "define i64 @stat() {\n  ret i64 0\n}\n"),
    ("exports", "vnf_abi_version", BODY, BODY.replace("i64 @", "internal i64 @")),
    ("signatures", "vnf_abi_version", BODY, BODY.replace("()", "(i32 %0)")),
    ("imports", "getenv", "", "declare i8* @getenv(i8*)\n"),
    ("imports", "memcpy", "", "declare i8* @memcpy(i8*, i8*, i32)\n"),
    ("intrinsics", "llvm.trap", "", "declare void @llvm.trap()\n"),
    ("intrinsics", "llvm.readcyclecounter", "", "declare i64 @llvm.readcyclecounter()\n"),
    _global("globals", "@counter = internal global i64 0"),
    _global("linkage", "@table = constant i64 0"),
    _global("linkage", "@table = external constant i64"),
    ("linkage", "vnf_abi_version", BODY, BODY.replace("i64 @", "weak i64 @")),
    ("linkage", "vnf_abi_version", BODY, BODY.replace("i64 @", "hidden i64 @")),
    _global("sections", '@table = internal constant i64 0, section "x"'),
    ("sections", CALLED, BODY, BODY.replace("#0", 'section "x"')),
    _global("thread-local", "@t = internal thread_local constant i64 0"),
    _global("aliases", "@other = internal alias i64 (), i64 ()* @vnf_abi_version"),
    _global("ifuncs", "@other = internal ifunc i64 (), i64 ()* ()* @resolve\n"
            "define internal i64 ()* @resolve() {\n  ret i64 ()* null\n}"),
    ("comdats", "the module", "", "$g = comdat any\n"
     "define internal void @grouped() comdat($g) {\n  ret void\n}\n"),
    _instruction("address-spaces", "  %x = alloca i8 addrspace(1)*\n"),
    _instruction("types", "  %x = alloca i128\n"),
    _instruction("types", "  %x = alloca i24\n"),
    _instruction("types", "  %x = alloca <4 x i32>\n"),
    _instruction("floating-point", "  %x = alloca double\n"),
    _instruction("floating-point", "  %x = alloca { x86_fp80, i8 }\n"),
    _instruction("floating-point", "  %x = alloca half\n"),
    _instruction("floating-point", "  %x = fadd fast float 1.0, 2.0\n"),
    _instruction("by-value", "  call void @take({ i64 }* byval({ i64 }) null)\n",
                 "define internal void @take({ i64 }* byval({ i64 }) %0) {\n  ret void\n}\n"),
    _instruction("by-value", "  call void @give({ i64 }* sret({ i64 }) null)\n",
                 "define internal void @give({ i64 }* sret({ i64 }) %0) {\n  ret void\n}\n"),
    _instruction("by-value", "  call void @take({ i64 }* inalloca({ i64 }) null)\n",
                 "define internal void @take({ i64 }* inalloca({ i64 }) %0) {\n  ret void\n}\n"),
    ("varargs", "log", "", "define internal void @log(i64 %0, ...) {\n  ret void\n}\n"),
    _instruction("varargs", "  %x = va_arg i8** null, i64\n"),
    _instruction("calling-conventions", "  call fastcc void @quick()\n",
                 "define internal fastcc void @quick() {\n  ret void\n}\n"),
    _instruction("calling-conventions", "  call cc10 void @quick()\n",
                 "define internal cc10 void @quick() {\n  ret void\n}\n"),
    _instruction("calls", "  call void bitcast (void (i32)* @narrow to void (i64)*)(i64 1)\n",
                 "define internal void @narrow(i32 %0) {\n  ret void\n}\n"),
    _instruction("inline-asm", '  call void asm sideeffect "nop", ""()\n'),
    ("inline-asm", "the module", "", 'module asm "nop"\n'),
    _instruction("pointer-integers", "  %a = alloca i8\n  %x = ptrtoint i8* %a to i64\n"),
    _instruction("pointer-integers", "  %x = load i8, i8* inttoptr (i64 4096 to i8*)\n"),
    _function("exceptions",
              "  %v = invoke i64 @vnf_abi_version() to label %good unwind label %bad\n"
              "good:\n  ret i64 %v\n"
              "bad:\n  %p = landingpad { i8*, i32 } cleanup\n  ret i64 0",
              "i64 @sample() personality i8* null"),
    _function("exceptions", "  ret i64 0", "i64 @sample() uwtable"),
    _function("indirect-jumps",
              "  indirectbr i8* blockaddress(@sample, %there), [label %there]\n"
              "there:\n  ret i64 0"),
    _instruction("atomics", "  fence seq_cst\n"),
    _instruction("atomics", "  %a = alloca i64\n  %x = load volatile i64, i64* %a\n"),
    _function("atomics", "  %o = atomicrmw add i32* %2, i32 1 monotonic\n  ret i64 0"),
    _function("atomics", "  %o = load atomic i32, i32* %2 acquire, align 4\n  ret i64 0"),
    _function("undefined-values", "  %a = add i64 %0, undef\n  ret i64 %a"),
    _function("undefined-values", "  %a = add i64 %0, poison\n  ret i64 %a"),
    _function("zero-counts", "  %a = call i64 @llvm.cttz.i64(i64 %0, i1 true)\n  ret i64 %a\n}\n"
              "declare i64 @llvm.cttz.i64(i64, i1)\n"
              "define internal void @other() {\n  ret void"),
    _function("shift-amounts", "  %a = shl i64 1, %0\n  ret i64 %a"),
    _function("shift-amounts", "  %b = sub i64 64, %0\n  %a = lshr i64 1, %b\n  ret i64 %a"),
    _function("shift-amounts", "  %b = and i64 %0, 64\n  %a = ashr i64 1, %b\n  ret i64 %a"),
    _function("shift-amounts", "  %n = trunc i64 %0 to i8\n  %b = zext i8 %n to i64\n"
              "  %a = shl i64 1, %b\n  ret i64 %a"),
    # *(u32 *)packet, at once and by way of a variable
    _function("byte-order", "  %p = bitcast i8* %1 to i32*\n  %v = load i32, i32* %p, align 1\n"
              "  ret i64 0"),
    _function("byte-order", "  %s = alloca i32*, align 8\n  %p = bitcast i8* %1 to i32*\n"
              "  store i32* %p, i32** %s, align 8\n  ret i64 0"),
    # ((struct header *)packet)->length
    _function("byte-order", "  %p = bitcast i8* %1 to { i32, i32 }*\n"
              "  %f = getelementptr { i32, i32 }, { i32, i32 }* %p, i32 0, i32 1\n"
              "  %v = load i32, i32* %f, align 4\n  ret i64 0"),
    # the bytes of a u32: ((u8 *)&value)[1], and memcpy into a record
    _function("byte-order", "  %n = alloca i32, align 4\n  %p = bitcast i32* %n to i8*\n"
              "  %q = getelementptr i8, i8* %p, i64 1\n  %v = load i8, i8* %q, align 1\n"
              "  ret i64 0"),
    _function("byte-order", "  %n = alloca i32, align 4\n  %p = bitcast i32* %n to i8*\n"
              "  call void @llvm.memcpy.p0i8.p0i8.i64(i8* align 1 %1, i8* align 4 %p, i64 4,"
              " i1 false)\n  ret i64 0"),
    # a union of u64 and two u32
    _function("byte-order", "  %u = alloca { i64 }, align 8\n"
              "  %p = bitcast { i64 }* %u to i32*\n"
              "  %v = load i32, i32* %p, align 4\n  ret i64 0"),
    # a pointer to a u32 handed on as one to bytes
    _function("byte-order", "  %p = bitcast i32* %2 to i8*\n  call void @take(i8* %p)\n"
              "  ret i64 0\n}\n"
              "define internal void @take(i8* %0) {\n  ret void"),
    # a constant table of bytes read as u16
    _function("byte-order", "  %v = load i16, i16* bitcast ([4 x i8]* @octets to i16*), align 1\n"
              "  ret i64 0\n}\n@octets = internal constant [4 x i8] zeroinitializer\n"
              "define internal void @other() {\n  ret void"),
    _function("alignment", "  %v = load i32, i32* %2, align 8\n  ret i64 0"),
    _function("alignment", "  %n = alloca i64, align 4\n  store i64 0, i64* %n, align 8\n"
              "  ret i64 0"),
    _function("alignment", "  call void @llvm.memset.p0i8.i64(i8* align 4 %1, i8 0, i64 8,"
              " i1 false)\n  ret i64 0"),
    ("string-attributes", CALLED, BODY, BODY.replace("#0", '"target-cpu"="x86-64"')),
    ("attributes", CALLED, BODY, BODY.replace("#0", "sanitize_address")),
    ("attributes", CALLED, BODY, BODY.replace("#0", 'gc "x"')),
    ("metadata", "the module", "",
     '!llvm.module.flags = !{!900}\n!900 = !{i32 1, !"wchar_size", i32 4}\n'),
    ("metadata", "the module", "", '!llvm.ident = !{!900}\n!900 = !{!"clang"}\n'),
    ("source-name", "the module", 'source_filename = "reflect"',
     'source_filename = "/home/a/reflect.c"'),
    _function("vocabulary", "  ret i64 0", "i64 @sample(i64 %0) allocsize(0)"),
]  # fmt: skip

# LLVM 22 turns these into instructions as it reads them, and judges the instructions.
DISSOLVED: list[Case] = [
    _function("constant-expressions",
              "  ret i64 zext (i1 icmp eq (i8* @one,"
              " i8* getelementptr (i8, i8* @two, i64 1)) to i64)\n}\n"
              "@one = internal constant i8 0\n@two = internal constant i8 0\n"
              "define internal void @other() {\n  ret void"),
]  # fmt: skip

# These break more than one rule.
MANY: list[Case] = [
    ("manifest", "the module", "!portvnf.manifest = ", "!portvnf.other = "),
    ("manifest", "the manifest", r"\22abi\22:1", r"\22aby\22:1"),
    ("manifest", "the manifest", r"\22abi\22:1", r"\22abi\22:\22one\22"),
    ("manifest", "the manifest", r"\22abi\22:1,", r"\22abi\22: 1,"),
    ("exports", "weakling", "", "define weak i64 @weakling() {\n  ret i64 0\n}\n"),
    ("signatures", "vnf_abi_version", BODY, BODY.replace("()", "(i64 %0)")),
    ("intrinsics", "llvm.sqrt.f64", "", "declare double @llvm.sqrt.f64(double)\n"),
    _global("globals", "@counter = internal thread_local global i64 0"),
    ("linkage", "global llvm.global_ctors", "",
     "@llvm.global_ctors = appending global [1 x { i32, void ()*, i8* }] "
     "[{ i32, void ()*, i8* } { i32 1, void ()* @start, i8* null }]\n"
     "define internal void @start() {\n  ret void\n}\n"),
    _instruction("varargs", "  call void (i64, ...) @log(i64 1, i64 2)\n",
                 "define internal void @log(i64 %0, ...) {\n  ret void\n}\n"),
    _instruction("types", "  %x = alloca <4 x float>\n"),
]  # fmt: skip

CASES = ALONE + DISSOLVED + MANY
