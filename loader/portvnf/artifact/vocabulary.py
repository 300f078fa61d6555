"""Every bare word of LLVM's text form that an artifact may contain, by what it is for.

Default deny: a word that stands in no set here is refused, whatever it means. The text is
LLVM's own print-out, so both spellings of a thing that was renamed between LLVM 14 and
LLVM 22 are listed.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words of module level, of constants and of types other than iN.
STRUCTURE = _words(
    """
    source_filename type attributes define declare constant internal private
    unnamed_addr local_unnamed_addr dso_local align
    zeroinitializer null undef poison true false distinct to x void ptr label opaque
    """
)

INSTRUCTIONS = _words(
    """
    ret br switch unreachable call tail select phi icmp
    eq ne ugt uge ult ule sgt sge slt sle
    add sub mul udiv sdiv urem srem shl lshr ashr and or xor
    nuw nsw exact disjoint nneg samesign
    alloca load store getelementptr inbounds nusw
    trunc zext sext bitcast extractvalue insertvalue freeze
    """
)

# Attributes of functions, parameters and results; all of them hold on any ISA.
ATTRIBUTES = _words(
    """
    nounwind alwaysinline noinline inlinehint optsize minsize cold hot
    noreturn norecurse mustprogress willreturn nofree nosync nocallback speculatable
    readnone readonly writeonly argmemonly inaccessiblememonly inaccessiblemem_or_argmemonly
    memory argmem inaccessiblemem read write readwrite none
    noundef zeroext signext noalias nocapture captures nonnull returned immarg
    dereferenceable dereferenceable_or_null
    """
)

ALLOWED = STRUCTURE | INSTRUCTIONS | ATTRIBUTES

# Words with a rule of their own, so that a refusal can say more than "unknown".
FLOATING_OR_WIDE_TYPES = _words(
    """
    half bfloat float double fp128 x86_fp80 ppc_fp128 x86_mmx x86_amx token vscale
    addrspace metadata
    """
)
POINTER_INTEGERS = _words("inttoptr ptrtoint ptrtoaddr")
INLINE_ASM = _words("asm")
TARGET = _words("target datalayout triple")
VARARGS = _words("va_arg")
STRUCTS_BY_VALUE = _words("byval sret byref inalloca preallocated inreg nest")

WITH_OWN_RULE = (
    FLOATING_OR_WIDE_TYPES | POINTER_INTEGERS | INLINE_ASM | TARGET | VARARGS | STRUCTS_BY_VALUE
)

METADATA_KINDS = _words("tbaa tbaa.struct llvm.loop range prof")

IMPORTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "memcpy": ("pointer", ("pointer", "pointer", "i64")),
    "memmove": ("pointer", ("pointer", "pointer", "i64")),
    "memset": ("pointer", ("pointer", "i32", "i64")),
    "memcmp": ("i32", ("pointer", "pointer", "i64")),
}

# Without their overload suffixes: "llvm.memcpy" stands for llvm.memcpy.p0.p0.i64.
INTRINSICS = frozenset(
    f"llvm.{name}"
    for name in _words(
        """
        memcpy memmove memset bswap ctlz cttz ctpop lifetime.start lifetime.end prefetch
        umin umax smin smax abs expect assume fshl fshr
        sadd.with.overflow uadd.with.overflow ssub.with.overflow usub.with.overflow
        smul.with.overflow umul.with.overflow
        """
    )
)
