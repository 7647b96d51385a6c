#if !__has_include(<postgresql/libpq-fe.h>)
#error "install libpq-dev (make deps), or build without the Postgres trait"
#endif
#include <postgresql/libpq-fe.h>

/// The names of an error's fields (`PG_DIAG_…`) are character constants, which Swift does not see.
static inline const char *guerrilla_pg_sqlstate(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_SQLSTATE);
}
/// In English whatever the language of messages is.
static inline const char *guerrilla_pg_severity(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
}
static inline const char *guerrilla_pg_primary(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
}
static inline const char *guerrilla_pg_constraint(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
}
/// Where in functions of the database it has happened; empty outside of them.
static inline const char *guerrilla_pg_context(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_CONTEXT);
}
