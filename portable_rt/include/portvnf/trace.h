/* Traces and results: a run of a VNF as a file, and what came of it as another.
 *
 * A trace holds the configuration, the packets and the times of a run and the commands
 * between them; replaying it on any engine of any ISA gives the same result file, byte
 * for byte. docs/trace-format.md shows both layouts; loader/portvnf/trace reads and
 * writes them in Python.
 *
 * All integers are big-endian, unsigned unless they say i64, and packed without padding.
 * `bytes32` is a u32 length and so many bytes; `list16(x)` a u16 count and so many x.
 *
 *   trace   = magic[8] version:u16 capacity:u32 start_ns:u64 sections:list16(u16)
 *             config:bytes32 operation* END
 *   result  = magic[8] version:u16 trace_sha256[32] arena_size:u64 outcome* END
 *
 * `capacity` is the size of every packet buffer, `start_ns` the time of vnf_init and
 * `sections` what MOVE moves, in the order of an image. Each operation and each outcome
 * is kind:u8 body:bytes32; outcome n has the kind of operation n. END's body is the
 * number of those before it, u64. Nothing follows it. Times are below 2^63 and never go
 * back.
 */
#ifndef PORTVNF_TRACE_H
#define PORTVNF_TRACE_H

#define PV_TRACE_VERSION 1
#define PV_TRACE_MAGIC_TEXT "PVTRACE"  /* 7 characters and their NUL */
#define PV_RESULT_MAGIC_TEXT "PVRESLT" /* likewise */

/* Most sections in a list, and most bytes of a configuration, packet buffer or trace. */
#define PV_TRACE_SECTIONS_MAX 64
#define PV_TRACE_CONFIG_MAX 65536
#define PV_TRACE_CAPACITY_MAX 65536

/* --- Operations ----------------------------------------------------------------- */

/* `packet` is port:u16 data:bytes32. Every packet begins PV_HEADROOM bytes into its
 * buffer. */
#define PV_TRACE_END 0
#define PV_TRACE_BURST 1    /* now_ns:u64 packets:list16(packet), 1 to PV_BURST_MAX */
#define PV_TRACE_TICK 2     /* now_ns:u64; a burst without packets */
#define PV_TRACE_EPOCH 3    /* nothing; vnf_epoch */
#define PV_TRACE_EXPORT 4   /* flags:u8 since:u64 until:u64 sections:list16(u16) */
#define PV_TRACE_MOVE 5     /* now_ns:u64; everything into a fresh arena, go on there */
#define PV_TRACE_STAGE 6    /* now_ns:u64 since:u64 until:u64 sections:list16(u16) */
#define PV_TRACE_SWITCH 7   /* now_ns:u64; complete the standby's import, go on there */
#define PV_TRACE_IMPORT 8   /* now_ns:u64 parts:list16(section:u16 data:bytes32) */
#define PV_TRACE_COUNTERS 9 /* nothing; vnf_counters */

/* EXPORT: put the records into the result, not only their digest. */
#define PV_TRACE_WITH_BYTES 1

/* STAGE exports from the active arena and imports into the standby, which is made (with
 * vnf_init at now_ns) when there is none: what a live migration does round by round.
 * IMPORT imports and completes foreign records in a fresh arena. Whatever is refused, the
 * fresh or standby arena is discarded and the active one goes on unchanged. SWITCH without
 * a standby has the status -PV_ERROR_INCOMPLETE. */

/* --- Outcomes ------------------------------------------------------------------- *
 *
 * BURST, TICK     wait_ns:i64 refused:u16 reasons:list16(u16) out:list16(packet)
 *                 reasons: one for each input packet; refused: output packets that no
 *                 host could send, left out of `out`
 * EPOCH           number:i64
 * EXPORT          status:i64 exported:list16(section:u16 records:u64 length:u64
 *                 sha256[32] data:bytes32); on an error, what came before it
 * MOVE, STAGE,    status:i64 section:u16 failed:u64 field:u64 records:u64
 * SWITCH, IMPORT  status: 0 or -PV_ERROR_...; section, failed and field say where it was
 *                 (struct pv_import; 0 unless an import refused); records: how many were
 *                 taken in all
 * COUNTERS        list16(value:u64)
 */

/* Bytes of the buffer that every export step gets; what is imported comes in one step a
 * section. */
#define PV_TRACE_EXPORT_BUFFER 262144

#endif
