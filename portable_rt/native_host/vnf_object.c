/* Opening a VNF that is a shared object. */
#include "vnf_object.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct export
{
    const char *name;
    void **function;
};

static i64 find_exports(struct pv_vnf_object *object, const char *path)
{
    struct pv_vnf_calls *calls = &object->calls;
    const struct export exports[] = {
        {"vnf_abi_version", (void **)&calls->abi_version},
        {"vnf_arena_size", (void **)&calls->arena_size},
        {"vnf_init", (void **)&calls->init},
        {"vnf_burst", (void **)&calls->burst},
        {"vnf_epoch", (void **)&calls->epoch},
        {"vnf_export", (void **)&calls->export_step},
        {"vnf_import", (void **)&calls->import_step},
        {"vnf_counters", (void **)&calls->counters},
    };
    for (u64 i = 0; i < sizeof exports / sizeof *exports; i++) {
        void *found = dlsym(object->handle, exports[i].name);
        if (!found) {
            fprintf(stderr, "portvnf-host: %s does not export %s\n", path, exports[i].name);
            return -1;
        }
        /* POSIX's way from an object pointer to a function pointer. */
        memcpy(exports[i].function, &found, sizeof found);
    }
    if (calls->abi_version() != PV_ABI_VERSION) {
        fprintf(stderr, "portvnf-host: %s was built for host ABI %lld; this host speaks %d\n", path,
                calls->abi_version(), PV_ABI_VERSION);
        return -1;
    }
    return 0;
}

i64 pv_vnf_object_open(struct pv_vnf_object *object, const char *path)
{
    /* A name without a slash would be looked for among the system's libraries. */
    char *real = realpath(path, NULL);
    object->handle = dlopen(real ? real : path, RTLD_NOW | RTLD_LOCAL);
    free(real);
    if (!object->handle) {
        fprintf(stderr, "portvnf-host: %s cannot be loaded: %s\n", path, dlerror());
        return -1;
    }
    i64 result = find_exports(object, path);
    if (result < 0)
        pv_vnf_object_close(object);
    return result;
}

void pv_vnf_object_close(struct pv_vnf_object *object)
{
    dlclose(object->handle);
}
