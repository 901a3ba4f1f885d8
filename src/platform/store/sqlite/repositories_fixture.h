// A migrated store for the tests of its repositories.
#pragma once

#include <gtest/gtest.h>

#include "platform/store/sqlite/repositories.h"
#include "platform/store/sqlite/schema.h"
#include "platform/store/store_samples.h"

namespace vedette::platform::sqlite {

inline const GroupId kNorth = GroupId::parse("north").value();
inline const ModelName kVad = ModelName::parse("vad").value();

class RepositoriesTest : public ::testing::Test {
 protected:
  RepositoriesTest() {
    const std::string path = folder_.file("store.db");
    EXPECT_TRUE(prepare_database_file(path).has_value());
    database_ = Database::open(path, Access::read_write).value();
    const auto migrated = migrate(*database_, migrations());
    EXPECT_TRUE(migrated.has_value()) << describe(migrated.error());
  }

  // Puts what no writer of ours would: a later fault, or another hand.
  void spoil(const char* sql) {
    ASSERT_TRUE(database_->execute_script("PRAGMA ignore_check_constraints=ON").has_value());
    ASSERT_TRUE(database_->execute_script(sql).has_value());
  }

  void save_device(std::uint64_t number) {
    ASSERT_TRUE(make_device_registry(*database_)->save(samples::device(number)).has_value());
  }

  samples::Folder folder_;
  std::unique_ptr<Database> database_;
};

}  // namespace vedette::platform::sqlite
