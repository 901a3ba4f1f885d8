#include <map>
#include <optional>

#include <gtest/gtest.h>

#include "cli/canned_server.h"
#include "cli/log_check.h"
#include "codec/base64.h"
#include "ledger/log.h"

namespace vedette::cli {
namespace {

using codec::Json;

// What a server keeps: entries and nodes.
class Shelf final : public ledger::LogStore {
 public:
  Result<std::uint64_t> size() override { return entries.size(); }
  Result<Bytes> entry(std::uint64_t index) override { return entries.at(index); }
  Result<ledger::TreeHash> node(unsigned level, std::uint64_t index) override {
    return nodes.at({level, index});
  }
  Result<void> add_entry(std::uint64_t /*index*/, ByteView entry) override {
    entries.push_back(to_bytes(entry));
    return {};
  }
  Result<void> add_node(unsigned level, std::uint64_t index,
                        const ledger::TreeHash& hash) override {
    nodes[{level, index}] = hash;
    return {};
  }
  Result<std::optional<std::string>> checkpoint() override { return note; }
  Result<void> save_checkpoint(const std::string& text) override {
    note = text;
    return {};
  }

  void clear() {
    entries.clear();
    nodes.clear();
    note.reset();
  }

  std::vector<Bytes> entries;
  std::map<std::pair<unsigned, std::uint64_t>, ledger::TreeHash> nodes;
  std::optional<std::string> note;
};

std::uint64_t query(const std::string& target, const std::string& name) {
  const std::size_t at = target.find(name + "=");
  return at == std::string::npos ? 0 : std::stoull(target.substr(at + name.size() + 1));
}

class LogCommands : public ::testing::Test {
 protected:
  LogCommands() : log(ledger::NoteSigner::create("log.example", key).value()) {
    desk.server.answer_all([this](const platform::HttpRequest& request) { return serve(request); });
  }

  void decide(const std::string& subject) {
    const ledger::Entry entry{.time = FixedClock().now(),
                              .kind = "attest",
                              .subject = subject,
                              .actor = subject,
                              .decision = ledger::Decision::accepted,
                              .code = {},
                              .rule = {},
                              .details = {}};
    ASSERT_TRUE(log.record(shelf, entry).has_value());
  }
  void decide(int count) {
    for (int i = 0; i < count; ++i)
      decide("device/gate-" + std::to_string(shelf.entries.size()));
    ASSERT_TRUE(log.seal(shelf).has_value());
  }

  Result<platform::HttpResponse> serve(const platform::HttpRequest& request) {
    platform::HttpResponse response;
    if (request.path() == "/v1/log/checkpoint") response.body = to_bytes(*shelf.note);
    if (request.path() == "/v1/log/entries") response.body = to_bytes(entries(request.target));
    if (request.path() == "/v1/log/proof") response.body = to_bytes(proof(request.target));
    return response;
  }
  std::string entries(const std::string& target) {
    Json::Array list;
    const std::uint64_t start = query(target, "start");
    for (std::uint64_t i = start;
         i < std::min<std::uint64_t>(start + query(target, "count"), shelf.entries.size()); ++i)
      list.emplace_back(codec::to_base64(shelf.entries[i]));
    return codec::to_json(Json::Object{{"entries", list}});
  }
  std::string proof(const std::string& target) {
    Json::Array hashes;
    const auto proof =
        ledger::inclusion_proof(shelf, query(target, "index"), query(target, "size"));
    for (const auto& hash : proof.value())
      hashes.emplace_back(codec::to_base64(hash));
    return codec::to_json(Json::Object{{"leaf_hash", "whatever"}, {"hashes", hashes}});
  }

  Outcome verify() {
    return desk.run_json({"log", "verify", "--vkey", log.vkey(), "--state", desk.path("state")});
  }

  Desk desk;
  Shelf shelf;
  crypto::PrivateKey key = crypto::PrivateKey::generate_ed25519();
  ledger::Log log;
};

TEST_F(LogCommands, VerifyRefusesAnEntryThatWasChanged) {
  decide(5);
  shelf.entries[2][10] ^= 1U;
  const Outcome outcome = verify();
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "LOG-ROOT") << outcome.out;
  EXPECT_NE(::access(desk.path("state").c_str(), F_OK), 0) << "nothing unverified is remembered";
}

TEST_F(LogCommands, VerifyRefusesEntriesThatAreKeptBack) {
  decide(5);
  shelf.entries.pop_back();
  EXPECT_EQ(verify().refusal(), "LOG-INCOMPLETE");
}

TEST_F(LogCommands, VerifyRefusesAnothersSignature) {
  decide(3);
  const auto other =
      ledger::NoteSigner::create("log.example", crypto::PrivateKey::generate_ed25519());
  const Outcome outcome = desk.run_json({"log", "verify", "--vkey", other->verifier().vkey()});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "NOTE-UNSIGNED") << outcome.out;
}

TEST_F(LogCommands, VerifyRefusesALogThatBecameShorter) {
  decide(5);
  ASSERT_EQ(verify().code, 0);
  const std::string before = desk.read("state");
  shelf.clear();
  decide(3);
  const Outcome outcome = verify();
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "LOG-ROLLBACK");
  EXPECT_EQ(desk.read("state"), before) << "the evidence stays";
}

TEST_F(LogCommands, VerifyRefusesALogWithAnotherPast) {
  decide(5);
  ASSERT_EQ(verify().code, 0);
  shelf.clear();
  decide("device/forged");
  decide(6);
  const Outcome outcome = verify();
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "LOG-FORK");
}

TEST_F(LogCommands, VerifyRefusesAForgedMemory) {
  decide(5);
  desk.write("state", "log.example\n2\n" + std::string(43, 'A') + "=\n\nnobody\n");
  const Outcome outcome = verify();
  EXPECT_EQ(outcome.code, 3);
}

TEST_F(LogCommands, VerifyRefusesAKeyThatIsNone) {
  const Outcome outcome = desk.run_json({"log", "verify", "--vkey", "nonsense"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.refusal(), "NOTE-KEY");
  EXPECT_TRUE(desk.server.requests().empty());
}

TEST_F(LogCommands, VerifyHoldsAGrowingLogToWhatItWas) {
  decide(5);
  ASSERT_EQ(verify().code, 0);
  decide(300);  // more than a page
  const Outcome outcome = verify();
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_EQ(outcome.json().integer("size").value_or(0), 305);
  EXPECT_EQ(outcome.json().integer("continues").value_or(0), 5);
  EXPECT_EQ(desk.read("state"), *shelf.note);
}

TEST_F(LogCommands, VerifyTakesTheKeyFromAFileToo) {
  decide(1);
  desk.write("log.vkey", log.vkey() + "\n");
  const Outcome outcome = desk.run({"log", "verify", "--vkey", desk.path("log.vkey")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("1 entries"), std::string::npos);
}

TEST_F(LogCommands, ProveRefusesAnotherEntryInItsPlace) {
  decide(7);
  shelf.entries[3] = shelf.entries[4];
  const Outcome outcome = desk.run_json({"log", "prove", "3", "--vkey", log.vkey()});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "LOG-PROOF");
}

TEST_F(LogCommands, ProveOfWhatIsNotThereYetFails) {
  decide(7);
  const Outcome outcome = desk.run_json({"log", "prove", "7", "--vkey", log.vkey()});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.refusal(), "LOG-RANGE");
}

TEST_F(LogCommands, ProveShowsThatADecisionIsInTheLog) {
  decide(7);
  for (int index = 0; index < 7; ++index) {
    const Outcome outcome =
        desk.run_json({"log", "prove", std::to_string(index), "--vkey", log.vkey()});
    EXPECT_EQ(outcome.code, 0) << outcome.out;
    EXPECT_TRUE(outcome.json().boolean("verified").value_or(false));
  }
}

TEST_F(LogCommands, ListShowsTheLatestUnlessToldOtherwise) {
  decide(60);
  const Json latest = desk.run_json({"log", "list", "--count", "2"}).json();
  const Json* entries = latest.find("entries");
  ASSERT_NE(entries, nullptr);
  const Json::Array& list = *entries->if_array();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list.front().integer("index").value_or(0), 58);
  EXPECT_EQ(list.front().string("subject").value_or(""), "device/gate-58");
  const Outcome first = desk.run({"log", "list", "--start", "0", "--count", "1"});
  EXPECT_NE(first.out.find("0      2026-11-23T12:53:00Z  attest  device/gate-0"), std::string::npos)
      << first.out;
  EXPECT_EQ(desk.run({"log", "list", "--start", "99"}).out, "no entries there\n");
}

TEST_F(LogCommands, CheckpointIsPrintedAsItIsAndNotCalledVerified) {
  decide(2);
  EXPECT_EQ(desk.run({"log", "checkpoint"}).out, *shelf.note);
  const Json json = desk.run_json({"log", "checkpoint"}).json();
  EXPECT_EQ(json.integer("size").value_or(0), 2);
  EXPECT_FALSE(json.boolean("verified").value_or(true));
}

TEST(ReadProof, RefusesHashesOfAnotherLengthAndTooMany) {
  EXPECT_FALSE(read_proof(Json::Object{{"hashes", Json::Array{"AAAA"}}}).has_value());
  EXPECT_FALSE(read_proof(Json::Object{{"hashes", Json::Array{7}}}).has_value());
  const Json hash = codec::to_base64(Bytes(32));
  EXPECT_TRUE(read_proof(Json::Object{{"hashes", Json::Array(64, hash)}}).has_value());
  EXPECT_FALSE(read_proof(Json::Object{{"hashes", Json::Array(65, hash)}}).has_value());
}

TEST(ReadEntries, KeepsWhatIsNotJsonAsOctets) {
  const Json json =
      read_entries({to_bytes(std::string_view("\xFF")), to_bytes(std::string_view("[]"))}, 4);
  const Json::Array& list = *json.find("entries")->if_array();
  EXPECT_EQ(list[0].integer("index").value_or(0), 4);
  EXPECT_EQ(list[0].string("base64").value_or(""), "/w==");
  EXPECT_EQ(list[1].string("base64").value_or(""), "W10=");
}

}  // namespace
}  // namespace vedette::cli
