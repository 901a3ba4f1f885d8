#include <gtest/gtest.h>

#include "cli/canned_server.h"

namespace vedette::cli {
namespace {

constexpr const char* kContract = R"(
memory_bytes = 536_870_912
call_deadline_ms = 200
powers = [{threads = 4}, {device_node = "/dev/apex_0"}]

[[inputs]]
name = "audio"
datatype = "FP32"
shape = [1, -1]
minimum = -1
maximum = 1

[rate]
calls_per_second = 50
)";

class ContractCommands : public ::testing::Test {
 protected:
  Outcome check(const std::string& content) {
    desk.write("contract.toml", content);
    return desk.run_json({"model", "contract", "check", desk.path("contract.toml")});
  }
  Desk desk;
};

TEST_F(ContractCommands, CheckRefusesWhatIsNoTomlAsAMistakeInTheFileWithItsLine) {
  const Outcome outcome = check("replicas = 1\nqueue = = 2\n");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.refusal(), "CONFIG-SYNTAX");
  EXPECT_TRUE(outcome.out.contains("line 2")) << outcome.out;
}

TEST_F(ContractCommands, CheckRefusesAnUnknownMemberByItsName) {
  const Outcome outcome = check("[rate]\ncalls_per_second = 1\nper_minute = 2\n");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "REL-CONTRACT");
  EXPECT_TRUE(outcome.out.contains("'rate.per_minute'")) << outcome.out;
  EXPECT_TRUE(outcome.out.contains("contract.toml")) << outcome.out;
}

TEST_F(ContractCommands, CheckFailsWithoutAFile) {
  const Outcome outcome = desk.run_json({"model", "contract", "check", desk.path("absent.toml")});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.refusal(), "FILE-OPEN");
  EXPECT_EQ(desk.run({"model", "contract"}).code, 2);
}

TEST_F(ContractCommands, CheckSaysWhatIsGrantedAndWhatIsWider) {
  const Outcome outcome = check(kContract);
  ASSERT_EQ(outcome.code, 0) << outcome.out;
  const codec::Json json = outcome.json();
  EXPECT_TRUE(json.boolean("valid").value_or(false));
  EXPECT_EQ(json.find("widenings")->if_array()->size(), 2U);
  EXPECT_EQ(json.find("contract")->integer("call_deadline_ms").value_or(0), 200);
  const Outcome text = desk.run({"model", "contract", "check", desk.path("contract.toml")});
  EXPECT_TRUE(text.out.contains("private memory of a worker: at most 512 MiB\n")) << text.out;
  EXPECT_TRUE(text.out.contains("input 'audio': FP32[1,-1], at least -1.0")) << text.out;
  EXPECT_TRUE(text.out.contains("wider than the strictest: it runs on 4 threads")) << text.out;
}

TEST_F(ContractCommands, AnEmptyFileIsTheStrictestContract) {
  const Outcome outcome = check("");
  ASSERT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_TRUE(outcome.json().find("widenings")->if_array()->empty());
}

TEST_F(ContractCommands, DiffSaysWhatBecameWiderAndWhatTighter) {
  desk.write("before.toml", "queue = 8\n");
  desk.write("after.toml", kContract);
  const std::vector<std::string> line{"model", "contract", "diff", desk.path("before.toml"),
                                      desk.path("after.toml")};
  const Outcome text = desk.run(line);
  ASSERT_EQ(text.code, 0) << text.err;
  EXPECT_TRUE(text.out.contains("tighter  call_deadline_ms")) << text.out;
  EXPECT_TRUE(text.out.contains("wider    powers.threads")) << text.out;
  const codec::Json json = desk.run_json(line).json();
  const codec::Json::Array& differences = *json.find("differences")->if_array();
  EXPECT_EQ(differences.front().string("member").value_or(""), "memory_bytes");
  EXPECT_EQ(differences.front().string("change").value_or(""), "wider");
  EXPECT_EQ(
      desk.run({"model", "contract", "diff", desk.path("after.toml"), desk.path("after.toml")}).out,
      "both grant the same\n");
}

}  // namespace
}  // namespace vedette::cli
