/* The library's public interface, declared for export.
 *
 * The library is built with hidden visibility; this pragma makes what engine.h and replay.h
 * declare, and nothing else, visible to the dynamic linker.
 */
#ifndef PORTVNF_HOST_CONTRACT_H
#define PORTVNF_HOST_CONTRACT_H

#pragma GCC visibility push(default)
#include <portvnf/engine.h>
#include <portvnf/replay.h>
#pragma GCC visibility pop

#endif
