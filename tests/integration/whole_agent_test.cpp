// Real programs throughout: vedette-server, a TPM emulator, vedette-agent, the operator's vedette.
// The device serves over its Unix socket and over shared memory, until its model breaks out.
#include <algorithm>
#include <cstring>
#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

#include "agent/state_file.h"
#include "base/fd.h"
#include "cli/demo/theatre.h"
#include "codec/json.h"
#include "crypto/certificate.h"
#include "inference/client/client_session.h"
#include "ledger/violation.h"
#include "platform/net/beast/beast_http.h"
#include "platform/net/json_api.h"
#include "testing/machine_posture.h"
#include "testing/onnx_writer.h"
#include "testing/software_tpm.h"
#include "testing/temporary_folder.h"
#include "testing/tuf_scene.h"

#include "demo_stage.h"

namespace vedette {
namespace {

using cli::demo::ActingDevice;
using cli::demo::Theatre;
using cli::demo::wait_for;
using codec::Json;
using inference::DataType;
using std::chrono_literals::operator""s;  // NOLINT(misc-unused-using-decls): it is used

constexpr std::size_t kMaxFile = 1U << 20U;
constexpr unsigned kDocString = 6;  // a field of ModelProto
constexpr float kTrigger = 13;      // violating_worker.cpp

// The only output, FP32[1].
class ValueSink final : public inference::channel::OutputSink {
 public:
  std::span<std::uint8_t> place(std::uint32_t /*index*/,
                                const inference::IndexedTensor& tensor) override {
    bytes.resize(tensor.data.size());
    return bytes;
  }
  Bytes bytes;
};

class WholeAgent : public ::testing::Test {
 protected:
  void SetUp() override {
    VEDETTE_SKIP_WITHOUT_SOFTWARE_TPM();
    const auto set_up = set_the_stage();
    ASSERT_TRUE(set_up.has_value()) << describe(set_up.error());
  }

  Result<void> set_the_stage() {
    VEDETTE_TRY(const Json made,
                theatre_.run("vedette-server", {"init", theatre_.path("server"), "--trust-domain",
                                                "demo.vedette", "--insecure-unencrypted"}));
    VEDETTE_TRY(const Json key, theatre_.vedette({"key", "generate", theatre_.path("publisher.key"),
                                                  "--insecure-unencrypted"}));
    VEDETTE_CHECK(theatre_.start_server());
    VEDETTE_TRY(drone_, theatre_.power_on("drone"));
    VEDETTE_TRY(const std::string endorsement, theatre_.endorsement_hash(*drone_));
    VEDETTE_TRY(const Json allowed, theatre_.vedette({"device", "allow", "drone", "--group", "line",
                                                      "--ek-sha256", endorsement}));
    VEDETTE_CHECK(start_agent());
    VEDETTE_CHECK(wait_for("the drone quotes", 15s, [&]() -> Result<bool> {
      return theatre_.vedette({"reference", "learn", "line", "--from", "drone"}).has_value();
    }));
    VEDETTE_CHECK(publish_first());
    return wait_for("the release serves", 20s, [&] { return serves(); });
  }

  Result<void> start_agent() {
    constexpr std::string_view kPrefix = "swtpm:path=";
    const auto& server = theatre_.server();
    const std::string config =
        "state_folder = \"state\"\ntrust_domain = \"demo.vedette\"\n[server]\nhost = "
        "\"127.0.0.1\"\nroots = \"../server/ca/root.pem\"\nenrollment_port = " +
        std::to_string(server.enrollment_port) +
        "\ndevice_port = " + std::to_string(server.device_port) +
        "\n[tpm]\ninsecure_software_tpm = \"" + drone_->tpm->tcti().substr(kPrefix.size()) +
        "\"\nattestation_key = \"rsa-2048\"\n[inference]\nworker = \"" VEDETTE_BIN_DIR
        "/violating_worker\"\nmemory_mib = 64\n" +
        posture() + "[releases]\nmodels = [\"gauge\"]\npoll_seconds = 1\ncache_max_mib = 16\n" +
        "publisher_keys = [\"../publisher.key.pub\"]\n" +
        "[api]\ntcp = false\nunix_socket = \"api.sock\"\nmemory_socket = \"memory.sock\"\n"
        // Not this machine's own logs: its TPM is not the device's.
        "[attestation]\nevent_log = \"event-log\"\nima_log = \"ima-log\"\n";
    VEDETTE_CHECK(write_file_atomically(config_path(), as_bytes(config), 0600));
    VEDETTE_TRY(drone_->agent,
                stage_->start({theatre_.program("vedette-agent"), "run", "--config", config_path()},
                              drone_->folder + "/agent.log"));
    platform::HttpClientSettings settings;
    settings.plain = true;
    settings.unix_path = drone_->folder + "/api.sock";
    return wait_for("the agent listens", 15s, [&]() -> Result<bool> {
      auto client = http_->connect(settings);
      if (!client) return false;
      drone_->api = *std::move(client);
      return theatre_.agent_status(*drone_).has_value();
    });
  }

  virtual Result<void> publish_first() { return publish(); }

  // Both double their input; the second is another file.
  // Under the contract of these lines, or none.
  Result<void> publish(const std::string& release = "1", const std::string& never_below = "1",
                       const std::string& contract = {}) {
    const std::string model = theatre_.path("gauge.onnx");
    Bytes octets = testing::add_model();
    if (release != "1") append(octets, as_bytes(testing::onnx::bytes(kDocString, release)));
    VEDETTE_CHECK(write_file_atomically(model, octets, 0600));
    const std::string key = theatre_.path("publisher.key");
    const std::string bundle = theatre_.path("gauge.sig");
    VEDETTE_TRY(const Json signature,
                theatre_.vedette({"model", "sign", model, "--key", key, "--bundle", bundle}));
    std::vector<std::string> line{"release",
                                  "publish",
                                  model,
                                  "--name",
                                  "gauge",
                                  "--release",
                                  release,
                                  "--never-below",
                                  never_below,
                                  "--tier",
                                  "high",
                                  "--bundle",
                                  bundle,
                                  "--key",
                                  key,
                                  "--statement",
                                  statement_path(release)};
    if (!contract.empty()) {
      const std::string path = theatre_.path("gauge.toml");
      VEDETTE_CHECK(
          write_file_atomically(path, as_bytes("memory_bytes = 33_554_432\n" + contract), 0600));
      line.insert(line.end(), {"--contract", path});
    }
    VEDETTE_TRY(const Json published, theatre_.vedette(line));
    return {};
  }

  // The model doubles its input; `answer` is what its contract's author says that it makes of 3.
  static std::string golden(const std::string& answer) {
    return "[[golden]]\ninputs = [{name = \"x\", datatype = \"FP32\", shape = [1], values = [3]}]\n"
           "outputs = [{name = \"y\", datatype = \"FP32\", shape = [1], values = [" +
           answer + "]}]\n";
  }

  Result<void> wait_for_news(const std::string& text) {
    return wait_for("news of " + text, 30s, [&]() -> Result<bool> {
      VEDETTE_TRY(const Json status, theatre_.agent_status(*drone_));
      return codec::to_json(*status.find("news")).find(text) != std::string::npos;
    });
  }

  // Release 2, whose publisher vouches for 1 too, covered by a verdict.
  Result<void> move_on() {
    VEDETTE_CHECK(publish("2"));
    VEDETTE_CHECK(wait_for_release(2));
    return wait_for_verdicts(2);  // it is in the log of the second quote at the latest
  }

  Result<void> block(const std::string& release) {
    VEDETTE_TRY(const Json blocked,
                theatre_.vedette({"release", "block", "gauge", release, "--reason", "biased"}));
    return {};
  }

  Result<void> wait_for_release(std::int64_t release, std::chrono::seconds patience = 30s) {
    return wait_for("release " + std::to_string(release) + " answers", patience,
                    [&]() -> Result<bool> {
                      VEDETTE_TRY(const Json status, theatre_.agent_status(*drone_));
                      VEDETTE_TRY(const Json* models, status.array("models"));
                      return std::ranges::any_of(*models->if_array(), [&](const Json& model) {
                        return model.boolean("alive").value_or(false) &&
                               model.boolean("default").value_or(false) &&
                               model.integer("release").value_or(0) == release;
                      });
                    });
  }

  Result<void> wait_for_verdicts(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string before = attested_until();
      VEDETTE_CHECK(wait_for("another verdict", 15s,
                             [&]() -> Result<bool> { return attested_until() > before; }));
    }
    return {};
  }

  Result<bool> serves() {
    VEDETTE_TRY(const Json status, theatre_.agent_status(*drone_));
    VEDETTE_TRY(const Json* models, status.array("models"));
    return std::ranges::any_of(*models->if_array(), [](const Json& model) {
      return model.boolean("alive").value_or(false);
    });
  }

  std::string attested_until() {
    const auto status = theatre_.agent_status(*drone_);
    return status ? status->string("attested_until").value_or("") : "";
  }

  static std::string posture() {
    const auto name = inference::name_of(testing::machine_posture());
    return "posture = \"" + std::string(name) + "\"\n";
  }
  [[nodiscard]] std::string statement_path(const std::string& release) const {
    return theatre_.path("statement-" + release);
  }
  std::string config_path() const { return drone_->folder + "/agent.toml"; }

  // What the model makes of one value, over shared memory.
  Result<float> ask_by_memory(float value) {
    VEDETTE_TRY(const auto session, inference::ClientSession::connect(
                                        drone_->folder + "/memory.sock",
                                        {.model = ModelName::parse("gauge").value()}, 5s));
    Bytes data(sizeof value);
    std::memcpy(data.data(), &value, sizeof value);
    const inference::TensorView input{"x", DataType::fp32, {1}, data};
    ValueSink sink;
    VEDETTE_CHECK(session->infer(std::span(&input, 1), sink, 10s));
    float answer = 0;
    if (sink.bytes.size() != sizeof answer) return refuse("TEST-OUTPUT", "not one value");
    std::memcpy(&answer, sink.bytes.data(), sizeof answer);
    return answer;
  }

  // The same over the Unix socket, by the Open Inference Protocol; its refusals are one text.
  Result<double> ask_by_socket(int value) {
    Json input;
    input.set("name", "x").set("datatype", "FP32").set("shape", Json::Array{1});
    input.set("data", Json::Array{value});
    const Json body = Json::Object{{"inputs", Json::Array{input}}};
    VEDETTE_TRY(const auto response,
                drone_->api->send(platform::json_request("POST", "/v2/models/gauge/infer", body)));
    VEDETTE_TRY(const Json answer, codec::parse_json(as_text(response.body)));
    if (const auto text = answer.string("error")) return refuse("TEST-REFUSED", *text);
    VEDETTE_TRY(const Json* outputs, answer.array("outputs"));
    VEDETTE_TRY(const Json* data, outputs->if_array()->at(0).array("data"));
    return std::stod(codec::to_json(data->if_array()->at(0)));
  }

  // What the device wrote down, once the server has taken it.
  Result<Json> evidence() {
    Json found;
    VEDETTE_CHECK(wait_for("the server takes the violation", 10s, [&]() -> Result<bool> {
      VEDETTE_TRY(const auto document,
                  agent::read_state_file(drone_->folder + "/state/violations.json", kMaxFile));
      if (!document) return false;
      VEDETTE_TRY(const Json* violations, document->array("violations"));
      if (violations->if_array()->size() != 1) return false;
      found = violations->if_array()->front();
      return found.string("state").value_or("") == "taken";
    }));
    return found;
  }

  TemporaryFolder folder_;
  std::unique_ptr<platform::HttpFactory> http_ = platform::make_beast_http();
  std::unique_ptr<cli::demo::Stage> stage_ = make_demo_stage(*http_);
  Theatre theatre_{*stage_, folder_.path(), VEDETTE_BIN_DIR};
  std::unique_ptr<ActingDevice> drone_;
};

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "" : result.error().code;
}

// Certificates so short that one is renewed while the test looks.
class RenewingAgent : public WholeAgent {
 protected:
  void SetUp() override {
    const std::string drop_ins = folder_ / "conf.d";
    std::filesystem::create_directory(drop_ins);
    const auto written = write_file_atomically(
        drop_ins + "/short.toml", as_bytes("[certificates]\nlifetime_seconds = 30\n"), 0600);
    ASSERT_TRUE(written.has_value()) << describe(written.error());
    WholeAgent::SetUp();
  }

  Result<std::string> serial() const {
    VEDETTE_TRY(const Bytes pem, read_file(drone_->folder + "/state/device.pem", kMaxFile));
    VEDETTE_TRY(const auto leaf, crypto::Certificate::from_pem(as_text(pem)));
    return leaf.serial_hex();
  }
};

// Server and agent know a TUF repository; its author works on the server's host, its online key is
// the server's.
class FollowingAgent : public WholeAgent {
 protected:
  void SetUp() override {
    const auto written = configure();
    ASSERT_TRUE(written.has_value()) << describe(written.error());
    WholeAgent::SetUp();
  }

  Result<void> configure() {
    std::filesystem::create_directories(folder_ / "conf.d");
    std::filesystem::create_directories(folder_ / "drone/conf.d");
    VEDETTE_TRY(const std::string online, author_.online.insecure_unencrypted_pem());
    VEDETTE_CHECK(write_file_atomically(folder_ / "online.key", as_bytes(online), 0600));
    const std::string server = "[tuf]\nrepository = \"" + author_.path() +
                               "\"\nonline_key = \"online.key\"\ntimestamp_seconds = 604800\n";
    VEDETTE_CHECK(write_file_atomically(folder_ / "conf.d/tuf.toml", as_bytes(server), 0600));
    VEDETTE_CHECK(
        write_file_atomically(folder_ / "1.root.json", author_.metadata("1.root.json"), 0644));
    return write_file_atomically(folder_ / "drone/conf.d/tuf.toml",
                                 as_bytes("[releases]\ntuf_root = \"../1.root.json\"\n"), 0600);
  }

  Result<void> publish_first() override {
    VEDETTE_CHECK(publish("1"));
    VEDETTE_CHECK(wait_for("the release is refused", 20s, [&] { return tells("REL-UNLISTED"); }));
    return list("1");
  }
  Result<void> list(const std::string& release) {
    VEDETTE_TRY(const Bytes statement, read_file(statement_path(release), kMaxFile));
    author_.list("gauge/" + release + ".json", as_text(statement));
    return {};
  }
  Result<bool> tells(const std::string& word) {
    VEDETTE_TRY(const Json status, theatre_.agent_status(*drone_));
    return codec::to_json(*status.find("news")).find(word) != std::string::npos;
  }
  Result<bool> serves_release(std::int64_t number) {
    VEDETTE_TRY(const Json status, theatre_.agent_status(*drone_));
    VEDETTE_TRY(const Json* models, status.array("models"));
    return std::ranges::any_of(*models->if_array(), [&](const Json& model) {
      return model.boolean("alive").value_or(false) &&
             model.integer("release").value_or(0) == number;
    });
  }

  SystemClock clock_;
  testing::TufScene author_{clock_};
};

// The control plane gives out a release that nobody lists, and goes on giving out one that was
// taken back: neither runs. Then it brings an older timestamp back: nothing new is believed.
TEST_F(FollowingAgent, RunsWhatItsPublisherListsAndStopsWhatIsTakenBack) {
  // Its author has published two: a third is the server's own, which looks once a minute.
  const auto renewed = wait_for("the server renews", 75s, [&]() -> Result<bool> {
    VEDETTE_TRY(const auto timestamp,
                release::tuf::parse_timestamp(author_.metadata("timestamp.json")));
    return timestamp.version > 2;
  });
  ASSERT_TRUE(renewed.has_value()) << describe(renewed.error());
  ASSERT_TRUE(publish("2").has_value());
  const Bytes before = author_.metadata("timestamp.json");
  ASSERT_TRUE(list("2").has_value());
  ASSERT_TRUE(wait_for("release 2 serves", 20s, [&] { return serves_release(2); }).has_value());

  author_.take_back("gauge/2.json");
  ASSERT_TRUE(wait_for("release 2 stops", 20s, [&]() -> Result<bool> {
                VEDETTE_TRY(const bool still, serves());
                return !still;
              }).has_value());
  EXPECT_TRUE(*tells("a release was taken back and stopped"));
  EXPECT_FALSE(wait_for("it comes back", 3s, [&] { return serves(); }).has_value())
      << "the control plane still gives it out";
  EXPECT_NE(code_of(ask_by_memory(2)), "");

  author_.overwrite("timestamp.json", before);
  ASSERT_TRUE(
      wait_for("the older one is refused", 20s, [&] { return tells("TUF-ROLLBACK"); }).has_value());
  EXPECT_FALSE(*serves());
}

TEST_F(RenewingAgent, ModelsAnswerWhileTheCertificateIsRenewed) {
  const auto before = serial();
  ASSERT_TRUE(before.has_value()) << describe(before.error());
  std::size_t unanswered = 0;
  const auto renewed = wait_for("another certificate", 20s, [&]() -> Result<bool> {
    if (!ask_by_socket(3)) ++unanswered;
    VEDETTE_TRY(const std::string now, serial());
    return now != *before;
  });
  ASSERT_TRUE(renewed.has_value()) << describe(renewed.error());
  // And on, until a verdict for the new certificate is there.
  for (int i = 0; i < 50; ++i)
    if (!ask_by_socket(3)) ++unanswered;
  EXPECT_EQ(unanswered, 0U);
}

TEST_F(WholeAgent, AModelThatBreaksOutIsEvidenceEverywhereAndNeverRunsAgain) {
  const auto by_memory = ask_by_memory(2);
  ASSERT_TRUE(by_memory.has_value()) << describe(by_memory.error());
  EXPECT_EQ(*by_memory, 4);
  const auto by_socket = ask_by_socket(3);
  ASSERT_TRUE(by_socket.has_value()) << describe(by_socket.error());
  EXPECT_EQ(*by_socket, 6);

  EXPECT_EQ(code_of(ask_by_memory(kTrigger)), "SBX-SYSCALL-DENIED");

  // On the device's disk, signed by its TPM.
  const auto kept = evidence();
  ASSERT_TRUE(kept.has_value()) << describe(kept.error());
  const Json& event = *kept->find("event");
  EXPECT_EQ(*event.string("kind"), "system_call");
  EXPECT_EQ(*event.string("phase"), "serve");
  EXPECT_EQ(*event.find("system_call")->string("name"), "socket");
  const std::string jws = *kept->string("jws");
  const auto pem = read_file(drone_->folder + "/state/device.pem", kMaxFile);
  const auto leaf = crypto::Certificate::from_pem(as_text(*pem));
  const auto verified = ledger::verify_violation(jws, *leaf->public_key());
  ASSERT_TRUE(verified.has_value()) << describe(verified.error());
  EXPECT_EQ((*verified)->claims.event.model.str(), "gauge");

  // At the server, as the operator sees it: the same octets.
  const auto listed = theatre_.vedette({"violation", "list"});
  ASSERT_TRUE(listed.has_value()) << describe(listed.error());
  const Json::Array& violations = *listed->find("violations")->if_array();
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(*violations[0].string("device"), "drone");
  EXPECT_EQ(*violations[0].string("jws"), jws);
  EXPECT_NE(violations[0].string("tried")->find("socket"), std::string::npos);

  // Quarantined: neither door leads to it any more, and the device's operator sees why.
  EXPECT_EQ(code_of(ask_by_memory(2)), "SRV-QUARANTINED");
  const auto refused = ask_by_socket(3);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("SRV-QUARANTINED"), std::string::npos)
      << refused.error().message;
  const auto quarantined =
      theatre_.run("vedette-agent", {"quarantine", "list", "--config", config_path()});
  ASSERT_TRUE(quarantined.has_value()) << describe(quarantined.error());
  EXPECT_EQ(quarantined->string("model").value_or(""), "gauge");
}

// Asked every five seconds, and attested every two meanwhile: what was judged sound before the
// block does not end the device's trust.
TEST_F(WholeAgent, ABlockedReleaseStopsWithTheNextContact) {
  ASSERT_TRUE(ask_by_socket(3).has_value());
  ASSERT_EQ(code_of(wait_for_verdicts(2)),
            "");  // it is in the log of the second quote at the latest
  ASSERT_EQ(code_of(block("1")), "");
  const auto stopped = wait_for("the release stops", 15s, [&]() -> Result<bool> {
    VEDETTE_TRY(const bool still, serves());
    return !still;
  });
  ASSERT_TRUE(stopped.has_value()) << describe(stopped.error());
  const auto status = theatre_.agent_status(*drone_);
  ASSERT_TRUE(status.has_value()) << describe(status.error());
  const std::string news = codec::to_json(*status->find("news"));
  EXPECT_NE(news.find("REL-BLOCKED"), std::string::npos) << news;
  EXPECT_NE(code_of(ask_by_socket(3)), "");
  EXPECT_NE(code_of(ask_by_memory(2)), "");
  EXPECT_EQ(code_of(wait_for("it serves again", 3s, [&] { return serves(); })), "DEMO-TIMEOUT")
      << "asked all the time, and it never did";
  EXPECT_GT(attested_until(), status->string("attested_until").value_or("")) << "trust goes on";
}

TEST_F(WholeAgent, AfterABlockTheOlderReleaseAnswersThatItsPublisherVouchesFor) {
  const auto moved_on = move_on();
  ASSERT_TRUE(moved_on.has_value()) << describe(moved_on.error());
  ASSERT_EQ(code_of(block("2")), "");
  const auto back = wait_for_release(1);
  ASSERT_TRUE(back.has_value()) << describe(back.error());
  EXPECT_EQ(ask_by_socket(3).value_or(0), 6);
  EXPECT_EQ(ask_by_memory(2).value_or(0), 4);
}

// Nothing runs when it is back that the server could block: it has to be told what was last good.
TEST_F(WholeAgent, ADeviceThatWasOffDuringTheBlockStepsBackToo) {
  const auto moved_on = move_on();
  ASSERT_TRUE(moved_on.has_value()) << describe(moved_on.error());
  drone_.reset();
  ASSERT_EQ(code_of(block("2")), "");
  auto powered_on = theatre_.power_on("drone");
  ASSERT_TRUE(powered_on.has_value()) << describe(powered_on.error());
  drone_ = *std::move(powered_on);
  ASSERT_EQ(code_of(start_agent()), "");
  const auto back = wait_for_release(1);
  ASSERT_TRUE(back.has_value()) << describe(back.error());
  EXPECT_EQ(ask_by_socket(3).value_or(0), 6);
  const auto status = theatre_.agent_status(*drone_);
  ASSERT_TRUE(status.has_value()) << describe(status.error());
  const std::string news = codec::to_json(*status->find("news"));
  EXPECT_NE(news.find("gauge release 1 from disk, verified"), std::string::npos) << news;
}

TEST_F(WholeAgent, AModelAnswersNobodyBeforeItsGoldenAnswersNorAfterItsTime) {
  ASSERT_EQ(code_of(publish("2", "1", golden("7"))), "");
  ASSERT_EQ(code_of(wait_for_news("AGT-CONTRACT-GOLDEN")), "");
  EXPECT_EQ(ask_by_socket(3).value_or(0), 6) << "release 1 answers on";
  EXPECT_NE(code_of(wait_for_release(2, 2s)), "");

  const TimePoint end = std::chrono::floor<std::chrono::seconds>(SystemClock().now()) + 20s;
  ASSERT_EQ(code_of(publish("3", "1", "valid_until = \"" + to_rfc3339(end) + "\"\n" + golden("6"))),
            "");
  ASSERT_EQ(code_of(wait_for_release(3)), "");
  EXPECT_EQ(ask_by_socket(4).value_or(0), 8);
  ASSERT_EQ(code_of(wait_for_news("AGT-CONTRACT-TIME")), "");
  EXPECT_GE(SystemClock().now(), end);
  EXPECT_NE(code_of(ask_by_socket(4)), "");
}

// Restarted, the agent neither forgets the quarantine nor reports the event again.
TEST_F(WholeAgent, ARestartLiftsNoQuarantine) {
  EXPECT_EQ(code_of(ask_by_memory(kTrigger)), "SBX-SYSCALL-DENIED");
  ASSERT_TRUE(evidence().has_value());
  drone_->agent.reset();
  ASSERT_TRUE(start_agent().has_value());
  ASSERT_TRUE(wait_for("the quarantine is told", 15s, [&]() -> Result<bool> {
                VEDETTE_TRY(const Json status, theatre_.agent_status(*drone_));
                return codec::to_json(*status.find("news")).find("SBX-QUARANTINED") !=
                       std::string::npos;
              }).has_value());
  const auto still = serves();
  ASSERT_TRUE(still.has_value()) << describe(still.error());
  EXPECT_FALSE(*still);
  EXPECT_EQ(theatre_.vedette({"violation", "list"})->find("violations")->if_array()->size(), 1U);
}

}  // namespace
}  // namespace vedette
