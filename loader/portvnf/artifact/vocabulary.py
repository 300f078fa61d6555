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
    zeroinitializer null true false distinct to x void ptr label opaque
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

# Words of which each set has a rule of its own, so that a refusal can say more than
# "unknown", by the rule's name.
BANNED: dict[str, frozenset[str]] = {
    "target": _words("target datalayout triple"),
    "linkage": _words(
        """
        weak weak_odr linkonce linkonce_odr common appending extern_weak external
        available_externally externally_initialized dllimport dllexport hidden protected default
        """
    ),
    "sections": _words("section partition code_model"),
    "thread-local": _words("thread_local localdynamic initialexec localexec"),
    "comdats": _words("comdat any exactmatch largest nodeduplicate samesize"),
    "address-spaces": _words("addrspace addrspacecast"),
    "by-value": _words("byval sret byref inalloca preallocated inreg nest"),
    "varargs": _words("va_arg"),
    "calling-conventions": _words(
        """
        cc fastcc coldcc ccc ghccc webkit_jscc anyregcc preserve_mostcc preserve_allcc
        preserve_nonecc cxx_fast_tlscc swiftcc swifttailcc cfguard_checkcc tailcc graalcc
        x86_stdcallcc x86_fastcallcc x86_thiscallcc x86_vectorcallcc x86_regcallcc
        x86_64_sysvcc win64cc intel_ocl_bicc arm_apcscc arm_aapcscc arm_aapcs_vfpcc
        aarch64_vector_pcs aarch64_sve_vector_pcs msp430_intrcc avr_intrcc avr_signalcc
        riscv_vector_cc musttail
        """
    ),
    "inline-asm": _words("asm sideeffect alignstack inteldialect module"),
    "pointer-integers": _words("inttoptr ptrtoint ptrtoaddr"),
    "exceptions": _words(
        """
        invoke landingpad resume personality cleanup catch filter unwind caller
        catchswitch catchpad catchret cleanuppad cleanupret uwtable within
        """
    ),
    "indirect-jumps": _words("indirectbr blockaddress callbr"),
    "atomics": _words(
        """
        atomic volatile fence cmpxchg atomicrmw syncscope
        unordered monotonic acquire release acq_rel seq_cst
        """
    ),
    "floating-point": _words(
        """
        half bfloat float double fp128 x86_fp80 ppc_fp128
        fadd fsub fmul fdiv frem fneg fcmp fptoui fptosi uitofp sitofp fptrunc fpext
        oeq ogt oge olt ole one ord ueq une uno
        fast nnan ninf nsz arcp contract afn reassoc
        """
    ),
    "undefined-values": _words("undef poison"),
    "attributes": _words(
        """
        gc prefix prologue naked returns_twice strictfp sanitize_address sanitize_memory
        sanitize_thread sanitize_hwaddress sanitize_memtag safestack shadowcallstack
        nonlazybind noredzone noimplicitfloat nocf_check optnone ssp sspstrong sspreq
        jumptable convergent speculative_load_hardening vscale_range builtin nobuiltin
        swiftself swifterror swiftasync nomerge null_pointer_is_valid
        """
    ),
}

INTEGERS = _words("i1 i8 i16 i32 i64")
ODD_TYPES = _words("x86_mmx x86_amx token vscale metadata")

# Where these stand before a parenthesis, a constant is computed.
COMPUTATIONS = _words(
    """
    bitcast trunc zext sext add sub mul udiv sdiv urem srem shl lshr ashr and or xor
    icmp fcmp select extractvalue insertvalue extractelement insertelement shufflevector
    """
)
COMPUTATION_FLAGS = _words("nuw nsw exact nneg disjoint eq ne ugt uge ult ule sgt sge slt sle")

_KINDS_OF_SYMBOL = _words("global alias ifunc")

KNOWN = (
    STRUCTURE
    | INSTRUCTIONS
    | ATTRIBUTES
    | ODD_TYPES
    | _KINDS_OF_SYMBOL
    | frozenset().union(*BANNED.values())
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
