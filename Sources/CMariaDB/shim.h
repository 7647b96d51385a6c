#if !__has_include(<mariadb/mysql.h>)
#error "install libmariadb-dev (make deps), or build without the MySQL trait"
#endif
#include <mariadb/mysql.h>
#include <mariadb/errmsg.h>
#include <mariadb/mysqld_error.h>
