#if !__has_include(<postgresql/libpq-fe.h>)
#error "install libpq-dev (make deps), or build without the Postgres trait"
#endif
#include <postgresql/libpq-fe.h>

/// `PG_DIAG_SQLSTATE` is a character constant, which Swift does not see.
static inline const char *guerrilla_pg_sqlstate(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_SQLSTATE);
}
