/* A VNF as a shared object: a build by GCC, or an artifact translated ahead of time. */
#ifndef PORTVNF_NATIVE_HOST_VNF_OBJECT_H
#define PORTVNF_NATIVE_HOST_VNF_OBJECT_H

#include <portvnf/replay.h>

struct pv_vnf_object {
    void *handle;
    struct pv_vnf_calls calls; /* valid until it is closed */
};

/* Opens the file and finds vnf.h's functions; on an error prints a sentence and returns a
 * negative value. */
i64 pv_vnf_object_open(struct pv_vnf_object *object, const char *path);

void pv_vnf_object_close(struct pv_vnf_object *object);

#endif
