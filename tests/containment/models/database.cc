// A model with SQLite: opens the view's database plainly, trains into a database of its own in
// /tmp, prints one number.
#include <sqlite3.h>

#include <cstdio>

namespace {

int Check(sqlite3* database, int code) {
  if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return code;
  std::fprintf(stderr, "%s\n", sqlite3_errmsg(database));
  return code;
}

}  // namespace

int main() {
  sqlite3* data = nullptr;
  if (Check(data, sqlite3_open("/data/contest.db", &data))) return 1;
  if (Check(data, sqlite3_exec(data, "ATTACH '/tmp/model.db' AS model", nullptr, nullptr, nullptr)))
    return 2;
  if (Check(data,
            sqlite3_exec(data,
                         "CREATE TABLE model.sums AS SELECT \"group\", sum(value) AS total "
                         "FROM train GROUP BY \"group\"; CREATE INDEX model.by ON sums (total)",
                         nullptr, nullptr, nullptr))) {
    return 3;
  }
  sqlite3_stmt* statement = nullptr;
  if (Check(data,
            sqlite3_prepare_v2(data, "SELECT sum(total) FROM model.sums", -1, &statement, nullptr)))
    return 4;
  if (Check(data, sqlite3_step(statement)) != SQLITE_ROW) return 5;
  std::printf("%lld\n", static_cast<long long>(sqlite3_column_int64(statement, 0)));
  sqlite3_finalize(statement);
  sqlite3_close(data);
  return 0;
}
