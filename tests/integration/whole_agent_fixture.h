// Real programs throughout: vedette-server, a TPM emulator, vedette-agent, the operator's vedette.
// The device serves over its Unix socket and over shared memory, until its model breaks out.
#pragma once

#include <algorithm>
#include <cstring>
#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

#include "agent/state_file.h"
#include "base/fd.h"
#include "cli/demo/theatre.h"
#include "codec/json.h"
#include "inference/client/client_session.h"
#include "platform/net/beast/beast_http.h"
#include "platform/net/json_api.h"
#include "testing/machine_posture.h"
#include "testing/onnx_writer.h"
#include "testing/software_tpm.h"
#include "testing/temporary_folder.h"

#include "demo_stage.h"

namespace vedette::whole_agent {

using cli::demo::ActingDevice;
using cli::demo::Theatre;
using cli::demo::wait_for;
using codec::Json;
using inference::DataType;
using std::chrono_literals::operator""s;  // NOLINT(misc-unused-using-decls): it is used

inline constexpr std::size_t kMaxFile = 1U << 20U;
inline constexpr unsigned kDocString = 6;  // a field of ModelProto
inline constexpr float kTrigger = 13;      // violating_worker.cpp

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
  // Under the contract of these lines, or none; with so many octets that mean nothing.
  Result<void> publish(const std::string& release = "1", const std::string& never_below = "1",
                       const std::string& contract = {}, std::size_t padding = 0) {
    const std::string model = theatre_.path("gauge.onnx");
    Bytes octets = testing::add_model();
    if (release != "1")
      append(octets,
             as_bytes(testing::onnx::bytes(kDocString, release + std::string(padding, ' '))));
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

}  // namespace vedette::whole_agent
