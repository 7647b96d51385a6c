#if !__has_include(<zlib.h>)
#error "install zlib1g-dev (make deps), or build without the Compression trait"
#endif
#include <zlib.h>

/// `deflateInit` is a macro, which Swift does not see.
static inline int guerrilla_deflate_init(z_streamp stream, int level) {
    return deflateInit(stream, level);
}
