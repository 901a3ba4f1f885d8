#include "platform/store/sqlite/database.h"

#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "platform/store/sqlite/repositories.h"
#include "platform/store/sqlite/schema.h"
#include "platform/store/store_samples.h"

namespace vedette::platform::sqlite {
namespace {

using samples::Folder;

class DatabaseTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return folder_.file("store.db"); }

  [[nodiscard]] std::unique_ptr<Database> open(Access access = Access::read_write) const {
    EXPECT_TRUE(prepare_database_file(path()).has_value());
    auto database = Database::open(path(), access);
    EXPECT_TRUE(database.has_value()) << describe(database.error());
    return *std::move(database);
  }

  [[nodiscard]] static std::uint64_t number(Database& database, Sql sql) {
    auto query = database.query(sql).value();
    EXPECT_TRUE(query.next().value());
    return query.natural(0).value();
  }

  Folder folder_;
};

TEST_F(DatabaseTest, RefusesAnotherProgramsDatabaseAndLeavesItAsItWas) {
  {
    auto foreign = open();
    ASSERT_TRUE(foreign->execute_script("PRAGMA application_id=7; CREATE TABLE t (a)").has_value());
  }
  auto database = open();
  const auto migrated = migrate(*database, migrations());
  ASSERT_FALSE(migrated.has_value());
  EXPECT_EQ(migrated.error().code, "STORE-FOREIGN");
  EXPECT_EQ(number(*database, "PRAGMA application_id"), 7);
  EXPECT_EQ(number(*database, "SELECT count(*) FROM sqlite_schema"), 1);
  EXPECT_FALSE(std::filesystem::exists(path() + "-wal"));
}

TEST_F(DatabaseTest, RefusesADatabaseWithoutAMarkThatHoldsSomething) {
  auto database = open();
  ASSERT_TRUE(database->execute_script("CREATE TABLE t (a)").has_value());
  EXPECT_EQ(migrate(*database, migrations()).error().code, "STORE-FOREIGN");
}

TEST_F(DatabaseTest, RefusesAFileThatIsNoDatabase) {
  std::ofstream(path()) << std::string(4096, 'x');
  auto database = Database::open(path(), Access::read_write);
  const auto migrated = database ? migrate(**database, migrations())
                                 : Result<void>(refuse(database.error().code, ""));
  ASSERT_FALSE(migrated.has_value());
  EXPECT_EQ(migrated.error().code, "STORE-FOREIGN");
}

TEST_F(DatabaseTest, RefusesADatabaseOfALaterVersion) {
  auto database = open();
  ASSERT_TRUE(migrate(*database, migrations()).has_value());
  ASSERT_TRUE(database->execute_script("PRAGMA user_version=99").has_value());
  const auto migrated = migrate(*database, migrations());
  ASSERT_FALSE(migrated.has_value());
  EXPECT_EQ(migrated.error().code, "STORE-NEWER");
  EXPECT_EQ(number(*database, "PRAGMA user_version"), 99);
}

TEST_F(DatabaseTest, RefusesAPathThatIsNoRegularFile) {
  std::filesystem::create_symlink(folder_.file("elsewhere"), path());
  EXPECT_EQ(prepare_database_file(path()).error().code, "STORE-FAILED");
  EXPECT_FALSE(std::filesystem::exists(folder_.file("elsewhere")));
  EXPECT_EQ(prepare_database_file(folder_.file("no/such/folder.db")).error().code, "STORE-FAILED");
}

TEST_F(DatabaseTest, AMigrationThatFailsLeavesTheVersionBeforeIt) {
  auto database = open();
  const Migration first{"CREATE TABLE one (a INTEGER) STRICT"};
  const Migration broken{"CREATE TABLE two (a INTEGER) STRICT; CREATE TABLE one (a)"};
  const Migration whole{"CREATE TABLE two (a INTEGER) STRICT"};
  const std::array failing{first, broken};
  const std::array mended{first, whole};
  EXPECT_EQ(migrate(*database, failing).error().code, "STORE-FAILED");
  EXPECT_EQ(number(*database, "PRAGMA user_version"), 1);
  EXPECT_EQ(number(*database, "SELECT count(*) FROM sqlite_schema"), 1);
  ASSERT_TRUE(migrate(*database, mended).has_value());
  EXPECT_EQ(number(*database, "PRAGMA user_version"), 2);
  EXPECT_TRUE(migrate(*database, mended).has_value());
}

TEST_F(DatabaseTest, ReleasesFromBeforeContractsAreKeptAndHaveNone) {
  auto database = open();
  ASSERT_TRUE(migrate(*database, migrations().first(1)).has_value());
  ASSERT_TRUE(
      database
          ->execute_script("INSERT INTO releases VALUES ('vad', 1, 'high', zeroblob(32), 'm.onnx',"
                           " zeroblob(32), 7, x'7B', x'7D', 3, 0)")
          .has_value());
  ASSERT_TRUE(migrate(*database, migrations()).has_value());
  EXPECT_EQ(number(*database, "PRAGMA user_version"), migrations().size());
  const auto kept = make_release_registry(*database)->find(*ModelName::parse("vad"), 1);
  ASSERT_TRUE(kept.has_value() && kept->has_value());
  EXPECT_EQ((*kept)->bundle, "{");
  EXPECT_EQ((*kept)->statement, "}");
  EXPECT_EQ((*kept)->contract, "");
  EXPECT_FALSE((*kept)->blocked);
}

TEST_F(DatabaseTest, ReferencesAndRulesFromBeforeSkusAreTheGroups) {
  auto database = open();
  ASSERT_TRUE(migrate(*database, migrations().first(4)).has_value());
  ASSERT_TRUE(database
                  ->execute_script(
                      "INSERT INTO reference_sets VALUES ('north', zeroblob(32), '{}');"
                      "INSERT INTO reference_proposals VALUES ('north', zeroblob(32), '[]', 'ada');"
                      "INSERT INTO allowed_endorsements VALUES (zeroblob(32), 'd-1', 'north');"
                      "INSERT INTO endorsement_roots VALUES ('north', x'01')")
                  .has_value());
  ASSERT_TRUE(migrate(*database, migrations()).has_value());
  const attestation::ReferenceTarget north{.group = GroupId::parse("north").value()};
  const auto references = make_reference_repository(*database);
  EXPECT_EQ(references->find(north).value()->text, "{}");
  EXPECT_FALSE(make_proposal_repository(*database)->find("group/north/reference").value())
      << "what waited is to be proposed again";
  const auto rules = make_enrollment_rules(*database);
  EXPECT_FALSE(rules->list().value().at(0).sku.has_value());
  EXPECT_FALSE(rules->roots().value().at(0).sku.has_value());
  EXPECT_EQ(rules->roots().value().at(0).tolerance, crypto::EndorsementTolerance{})
      << "no power was given yet";
}

TEST_F(DatabaseTest, OfDevicesFromBeforeTheCertificatesTellSinceWhenTheirKeyIsBack) {
  auto database = open();
  ASSERT_TRUE(migrate(*database, migrations().first(9)).has_value());
  const auto device = [&](const char* values) {
    return std::string("INSERT INTO devices VALUES (") + values +
           ", 'north', 'active', 1, randomblob(32), x'00', zeroblob(32), 5, '', '', 5);";
  };
  const std::string script =
      device("'kept'") + device("'back'") + device("'none'") +
      "INSERT INTO certificates VALUES ('01', 'kept', zeroblob(32), 10, 99, x'00'),"
      " ('02', 'back', zeroblob(32), 10, 99, x'00'), ('03', 'back', x'" +
      std::string(64, '7') +
      "', 20, 99, x'00'), ('04', 'back', zeroblob(32), 30, 99, x'00'),"
      " ('05', 'back', zeroblob(32), 40, 99, x'00')";
  ASSERT_TRUE(database->execute_script(script.c_str()).has_value());
  ASSERT_TRUE(migrate(*database, migrations()).has_value());
  const auto since = [&](const char* id) {
    const auto devices = make_device_registry(*database);
    return devices->find(DeviceId::parse(id).value()).value().value().key_since;
  };
  EXPECT_EQ(since("kept"), TimePoint{});
  EXPECT_EQ(since("none"), TimePoint{});
  EXPECT_EQ(since("back"), TimePoint{Duration{30}});
}

TEST_F(DatabaseTest, OnlyItsOwnerReadsTheFiles) {
  std::ofstream(path()).close();
  ASSERT_EQ(::chmod(path().c_str(), 0664), 0);
  auto database = open();
  ASSERT_TRUE(migrate(*database, migrations()).has_value());
  for (const std::string& file : {path(), path() + "-wal", path() + "-shm"}) {
    struct stat status{};
    ASSERT_EQ(::stat(file.c_str(), &status), 0) << file;
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << file;
  }
}

TEST_F(DatabaseTest, AReadOnlyConnectionRefusesToWrite) {
  auto writer = open();
  ASSERT_TRUE(migrate(*writer, migrations()).has_value());
  auto reader = open(Access::read_only);
  EXPECT_EQ(reader->execute("DELETE FROM log_entries").error().code, "STORE-READ-ONLY");
  EXPECT_EQ(reader->execute("PRAGMA user_version=7").error().code, "STORE-READ-ONLY");
}

TEST_F(DatabaseTest, RefusesAValueOfTheWrongTypeOrForm) {
  auto database = open();
  auto row = database->query("SELECT 'text', -1, x'00', 4294967296, 2, 'Not A Name', NULL").value();
  ASSERT_TRUE(row.next().value());
  EXPECT_EQ(row.integer(0).error().code, "STORE-CORRUPT");
  EXPECT_EQ(row.natural(1).error().code, "STORE-CORRUPT");
  EXPECT_EQ(row.digest(2).error().code, "STORE-CORRUPT");
  EXPECT_EQ(row.text(2).error().code, "STORE-CORRUPT");
  EXPECT_EQ(row.natural32(3).error().code, "STORE-CORRUPT");
  EXPECT_EQ(row.boolean(4).error().code, "STORE-CORRUPT");
  EXPECT_EQ(row.name<DeviceId>(5).error().code, "STORE-CORRUPT");
  EXPECT_EQ(row.blob(6).error().code, "STORE-CORRUPT");
  EXPECT_EQ(row.integer(7).error().code, "STORE-CORRUPT");
}

TEST_F(DatabaseTest, ANumberBeyondItsRangeIsNotStoredAndNotFound) {
  auto database = open();
  ASSERT_TRUE(database->execute_script("CREATE TABLE t (a INTEGER) STRICT").has_value());
  constexpr std::uint64_t kBeyond = std::uint64_t{1} << 63U;
  EXPECT_EQ(database->execute("INSERT INTO t VALUES (?)", {kBeyond}).error().code,
            "STORE-CONFLICT");
  ASSERT_TRUE(database->execute("INSERT INTO t VALUES (?)", {kBeyond - 1}).has_value());
  auto found = database->query("SELECT a FROM t WHERE a = ?", {kBeyond}).value();
  EXPECT_FALSE(found.next().value());
}

TEST_F(DatabaseTest, ValuesComeBackAsTheyWent) {
  auto database = open();
  const std::string text("a\0\xFF", 3);
  const Bytes octets{0, 255};
  auto row = database
                 ->query("SELECT ?, ?, ?, ?, ?, ?",
                         {text, octets, Bytes{}, std::string_view(), std::int64_t{-5}, true})
                 .value();
  ASSERT_TRUE(row.next().value());
  EXPECT_EQ(row.text(0).value(), text);
  EXPECT_EQ(row.blob(1).value(), octets);
  EXPECT_EQ(row.blob(2).value(), Bytes{});
  EXPECT_EQ(row.text(3).value(), "");
  EXPECT_EQ(row.integer(4).value(), -5);
  EXPECT_EQ(row.boolean(5).value(), true);
}

TEST_F(DatabaseTest, OneStatementMayRunTwiceAtATime) {
  auto database = open();
  const Sql sql = "SELECT 1 UNION ALL SELECT 2";
  auto outer = database->query(sql).value();
  ASSERT_TRUE(outer.next().value());
  {
    auto inner = database->query(sql).value();
    ASSERT_TRUE(inner.next().value());
    EXPECT_EQ(inner.integer(0).value(), 1);
  }
  ASSERT_TRUE(outer.next().value());
  EXPECT_EQ(outer.integer(0).value(), 2);
}

TEST_F(DatabaseTest, NothingRunsAfterSqliteTookTheTransactionBack) {
  auto database = open();
  ASSERT_TRUE(database->execute_script("CREATE TABLE t (a TEXT) STRICT").has_value());
  ASSERT_TRUE(database->begin_write().has_value());
  ASSERT_TRUE(database->execute_script("ROLLBACK").has_value());  // as a full disk may
  EXPECT_TRUE(database->transaction_lost());
  EXPECT_EQ(database->execute("INSERT INTO t VALUES ('alone')").error().code, "STORE-FAILED");
  EXPECT_EQ(database->commit().error().code, "STORE-FAILED");
  EXPECT_EQ(number(*database, "SELECT count(*) FROM t"), 0);
}

}  // namespace
}  // namespace vedette::platform::sqlite
