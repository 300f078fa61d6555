"""C as people write it: what the verifier makes of it once clang is through with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from portvnf import cdef, llvm
from portvnf.artifact.manifest import Manifest
from portvnf.artifact.neutral import neutral
from portvnf.artifact.toolchain import Toolchain
from portvnf.artifact.verifier import manifest_text, verify_text

HERE = Path(__file__).parent
ROOT = HERE.parent.parent

# The body of `static u64 sample(u8 *memory, const u8 *packet, u64 n)`, by the rule it breaks.
BREAKING = [
    ("byte-order", "return *(const u32 *)packet;"),
    ("byte-order", "const u16 *field = (const u16 *)(const void *)packet; return field[n];"),
    ("byte-order", "u32 v; __builtin_memcpy(&v, packet, sizeof v); return v;"),
    ("byte-order", "u64 v = n; __builtin_memcpy(memory, &v, sizeof v); return 0;"),
    ("byte-order", "u32 v = (u32)n; return ((u8 *)&v)[1];"),
    ("byte-order", "struct header *h = (struct header *)memory; return h->length;"),
    ("byte-order", "return ((const struct header *)packet)->length;"),
    ("byte-order", "union both { u64 whole; u32 half[2]; } u; u.whole = n; return u.half[0];"),
    ("byte-order", "u8 copy[8]; __builtin_memcpy(copy, packet, 8); return *(u64 *)copy;"),
    ("byte-order", "struct header h = {1, 2}; return look((const u8 *)&h, n);"),
    ("byte-order", "struct header h = {1, 2}; return look((const u8 *)&h.length, n);"),
    ("byte-order", "u16 v[4] = {1, 2, 3, 4}; return ((u32 *)v)[n & 1];"),
    ("byte-order", "struct header a = {1, 2}, b = {3, 4};"
     " return __builtin_memcmp(&a, &b, sizeof a) < 0;"),
    ("byte-order", "return ((const u16 *)octets)[n & 1];"),
    ("byte-order", "void *p = memory; u32 *w = n ? p : (void *)0; return w[1];"),
    ("shift-amounts", "return 1ull << n;"),
    ("shift-amounts", "return 1u << (n & 63);"),
    ("shift-amounts", "return n >> packet[0];"),
    ("shift-amounts", "return n >> (64 - (n & 31));"),
    ("floating-point", "return (u64)((float)n * 1.5f);"),
    ("types", "return (u64)(((unsigned __int128)n * n) >> 64);"),
    ("atomics", "volatile u64 v = n; return v;"),
    ("atomics", "return __atomic_load_n((u64 *)pv_native(memory), __ATOMIC_RELAXED);"),
    ("inline-asm", '__asm__("nop"); return n;'),
    ("varargs", "return many(1, n);"),
    ("pointer-integers", "return (u64)packet >> 4;"),
    ("globals", "static u64 calls; return ++calls;"),
    ("thread-local", "static _Thread_local u64 calls; return ++calls;"),
    ("intrinsics", "__builtin_trap();"),
    ("imports", "extern u64 clock(void); return clock();"),
    ("indirect-jumps", "static const void *const to[] = {&&a, &&b}; goto *to[n & 1];"
     " a: return 1; b: return 2;"),
]  # fmt: skip

PASSING = [
    "struct header *h = pv_native(memory); h->length = n;"
    " return h[1].length + (u64)h->part[n & 3];",
    "struct header a = {1, 2}, b; b = a; struct header *h = pv_native(memory); *h = b; return 0;",
    "u64 *words = pv_native(memory + 64); words[n] |= 1ull << (n & 63); return words[0];",
    "u8 copy[16] = {0}; __builtin_memcpy(copy + 4, packet, n & 7); return look(copy + 1, n);",
    "u16 table[2][3] = {{1, 2, 3}, {4, 5, 6}}; return table[n & 1][n % 3];",
    "return primes[n & 3] + octets[n & 3];",
    "const u8 *at = n ? packet + 4 : octets; return pv_load_be32(at);",
    "u8 out[8]; pv_store_be64(out, n); return out[7];",
    "struct header *h = pv_native(memory); __builtin_memset(h, 0, sizeof *h); return h->part[1];",
    "u64 (*f)(const u8 *, u64) = look; return f(packet, n);",
    "struct nest { struct header in[2]; u8 tail[3]; } x = {{{1, 2}, {3, 4}}, {5, 6, 7}};"
    " return x.in[n & 1].length + x.tail[2];",
    "return n >> (n % 64) | n << (63 - (n & 31)) | (u64)__builtin_ctzll(n);",
    "switch (packet[0]) { case 1: return 2; case 7: return 9; default: return n / 3; }",
    "struct line *l = pv_native(memory); l[n].count++; struct line c = l[0]; return c.count;",
    "return n >> (packet[0] >> 2);",
]

FRAME = """
struct header {{ u64 length; u32 extra; u16 part[4]; }};
struct line {{ _Alignas(64) u64 count; u8 rest[56]; }};
static const u8 octets[4] = {{1, 2, 3, 4}};
static const u32 primes[4] = {{2, 3, 5, 7}};
static u64 look(const u8 *bytes, u64 n) {{ return bytes[n]; }}
static u64 many(int count, ...) {{ return (u64)count; }}
static u64 sample(u8 *memory, const u8 *packet, u64 n)
{{
    (void)memory, (void)packet, (void)n, (void)octets, (void)primes, (void)look, (void)many;
    {body}
    return 0;
}}
"""


def module(body: str, folder: Path, manifest: Manifest) -> bytes:
    """A whole VNF with `body` in it, as bitcode ready to be judged."""
    text = (HERE / "reflect.c").read_text()
    mark = "i64 vnf_epoch("
    text = text.replace(mark, FRAME.format(body=body) + mark)
    text = text.replace("++self->epoch", "(++self->epoch + sample(arena, arena, self->epoch))")
    source, output = folder / "sample.c", folder / "sample.bc"
    source.write_text(text)
    tools = Toolchain.find()
    flags = [f"-I{ROOT / 'portable_rt' / 'include'}", "-w"]
    tools.compile(source, output, folder / "sample.d", flags)
    linked = tools.link_and_prune([output], sorted(cdef.functions("vnf.h")))
    return tools.to_bitcode(neutral(linked, "sample", manifest))


@pytest.fixture(scope="module")
def manifest(reflect: Path) -> Manifest:
    text = manifest_text(Toolchain.find().to_text(reflect.read_bytes()))
    assert text is not None
    return Manifest.from_json(text)


def verdicts(bitcode: bytes) -> list[set[str]]:
    """What the rules say under either LLVM."""
    texts = Toolchain.find().to_text(bitcode), str(llvm.parse(bitcode, "the sample"))
    return [{violation.rule for violation in verify_text(text)} for text in texts]


@pytest.mark.parametrize(("rule", "body"), BREAKING)
def test_hazard_is_named(rule: str, body: str, tmp_path: Path, manifest: Manifest) -> None:
    old, new = verdicts(module(body, tmp_path, manifest))
    assert rule in old
    assert rule in new


@pytest.mark.parametrize("body", PASSING)
def test_sound_code_passes(body: str, tmp_path: Path, manifest: Manifest) -> None:
    assert verdicts(module(body, tmp_path, manifest)) == [set(), set()]
