/* Running a VNF on ports. */
#ifndef PORTVNF_NATIVE_HOST_SERVE_H
#define PORTVNF_NATIVE_HOST_SERVE_H

#include "options.h"
#include "vnf_object.h"

/* Runs until SIGINT or SIGTERM, or for so many seconds; then prints what passed each port.
 * 0, or prints a sentence and returns a negative value. */
i64 pv_serve(const struct pv_vnf_object *object, const struct pv_options *options);

#endif
