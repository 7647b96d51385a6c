#if !__has_include(<sqlite3.h>)
#error "install libsqlite3-dev (make deps), or build without the SQLite trait"
#endif
#include <sqlite3.h>

/// Lets a connection leave its write-ahead log as it is when it is closed. `sqlite3_db_config` takes a variable number of
/// arguments, which Swift cannot pass.
static inline void guerrilla_sqlite3_leave_log(sqlite3 *connection) {
    sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}
