#include "cli/demo/theatre.h"

#include <array>
#include <filesystem>
#include <thread>
#include <utility>

#include "base/fd.h"
#include "cli/findings.h"
#include "crypto/digest.h"
#include "crypto/tpm.h"
#include "platform/net/json_api.h"

namespace vedette::cli::demo {

namespace {

using codec::Json;
using namespace std::chrono_literals;

constexpr std::size_t kMaxOutputBytes = 64U << 20U;
constexpr std::string_view kSwtpmPrefix = "swtpm:path=";

struct Measurement {
  std::uint8_t pcr;
  std::string_view component;
};

// What the pretended firmware of every device measures, as TCG firmware would (PC Client
// profile, 3.3.4).
constexpr std::array<Measurement, 4> kBoot{{{0, "demo firmware 1.4.2"},
                                            {2, "demo option roms: none"},
                                            {4, "demo boot loader 2.12, kernel 6.1.0-edge"},
                                            {7, "demo secure boot: on, dbx 2026-11"}}};

std::uint16_t port_in(const Json& ready, std::string_view name) {
  return static_cast<std::uint16_t>(ready.integer(name).value_or(0));
}

Result<void> write_text(const std::string& path, const std::string& text) {
  return write_file_atomically(path, as_bytes(text), 0600);
}

Result<void> make_folder(const std::string& path) {
  std::error_code failed;
  std::filesystem::create_directories(path, failed);
  if (failed)
    return refuse("FILE-CREATE", "a folder cannot be made", path + ": " + failed.message());
  return {};
}

// The refusal in a program's JSON, if it is one.
std::optional<Error> refusal_in(const Json& printed) {
  const Json* error = printed.find("error");
  if (error == nullptr || !error->is_object()) return std::nullopt;
  return Error{error->string("code").value_or("DEMO-PROGRAM"),
               error->string("message").value_or(""), error->string("cause").value_or(""),
               error->string("hint").value_or("")};
}

}  // namespace

Result<void> wait_for(const std::string& what, std::chrono::milliseconds limit,
                      const std::function<Result<bool>()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  do {
    VEDETTE_TRY(const bool holds, condition());
    if (holds) return {};
    std::this_thread::sleep_for(20ms);
  } while (std::chrono::steady_clock::now() < deadline);
  return refuse("DEMO-TIMEOUT", "it did not happen in time",
                what + " within " + std::to_string(limit.count()) + " ms",
                "run the demo with --keep and read the logs in its folder");
}

Result<Json> Theatre::run(const std::string& program, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), this->program(program));
  const std::string output = path("command-" + std::to_string(++commands_) + ".out");
  VEDETTE_TRY(const auto process, stage_.start(arguments, output));
  const auto status = process->wait_for(30s);
  if (!status) return refuse("DEMO-TIMEOUT", "a program did not end", program);
  VEDETTE_TRY(const Bytes text, read_file(output, kMaxOutputBytes));
  const auto printed = codec::parse_json(as_text(text), {.max_bytes = kMaxOutputBytes});
  if (printed) {
    if (auto refusal = refusal_in(*printed)) return std::unexpected(*std::move(refusal));
  }
  if (*status != 0)
    return refuse("DEMO-PROGRAM", "a program failed", program + ": " + std::string(as_text(text)));
  return printed ? *printed : Json(as_text(text));
}

Result<Json> Theatre::vedette(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"-o", "json", "--operator", operator_folder()});
  return run("vedette", std::move(arguments));
}

Result<Json> Theatre::wait_until_ready(StageProcess& process, const std::string& log) {
  Json ready;
  VEDETTE_CHECK(wait_for("a program's first word", 20s, [&]() -> Result<bool> {
    const auto text = read_file(log, kMaxOutputBytes);
    const std::string all(text ? as_text(*text) : std::string_view{});
    const std::size_t at = all.find("{\"event\":\"ready\"");
    const std::size_t end = at == std::string::npos ? at : all.find('\n', at);
    if (end != std::string::npos) {
      VEDETTE_TRY(ready, codec::parse_json(std::string_view(all).substr(at, end - at)));
      return true;
    }
    if (process.wait_for(0ms)) return refuse("DEMO-PROGRAM", "a program ended at once", all);
    return false;
  }));
  return ready;
}

Result<void> Theatre::write_server_config() const {
  return write_text(path("server.toml"), R"(state_folder = "server"
trust_domain = "demo.vedette"
ip_addresses = ["127.0.0.1"]
publisher_keys = ["publisher.key.pub"]

[keys]
insecure_unencrypted = true     # a demonstration's keys live for minutes

[attestation]
registers = [0, 2, 4, 7]
lifetime_seconds = 30
interval_seconds = 2     # so that the demo shows within seconds what takes minutes in the field
)");
}

Result<void> Theatre::start_server() {
  VEDETTE_CHECK(write_server_config());
  const std::string log = path("server.log");
  VEDETTE_TRY(
      server_process_,
      stage_.start({program("vedette-server"), "run", "--config", path("server.toml")}, log));
  VEDETTE_TRY(const Json ready, wait_until_ready(*server_process_, log));
  server_ = {.enrollment_port = port_in(ready, "enrollment_port"),
             .device_port = port_in(ready, "device_port"),
             .operator_port = port_in(ready, "operator_port"),
             .log_vkey = ready.string("log_vkey").value_or("")};
  return write_text(operator_folder() + "/operator.toml",
                    "host = \"127.0.0.1\"\nport = " + std::to_string(server_.operator_port) +
                        "\nroots = \"roots.pem\"\ncertificate = \"operator.pem\"\n"
                        "key = \"operator.key\"\n");
}

Result<std::unique_ptr<ActingDevice>> Theatre::power_on(const std::string& name) {
  auto device = std::make_unique<ActingDevice>();
  device->name = name;
  device->folder = path(name);
  VEDETTE_CHECK(make_folder(device->folder));
  VEDETTE_TRY(device->tpm, stage_.start_tpm(device->folder + "/tpm", path("tpm-maker"), name));
  VEDETTE_TRY(const auto firmware,
              stage_.open_tpm(device->tpm->tcti(), device->folder + "/firmware"));
  for (const Measurement& measured : kBoot)
    VEDETTE_CHECK(firmware->extend(measured.pcr, {crypto::sha256(as_bytes(measured.component))}));
  return device;
}

Result<std::string> Theatre::endorsement_hash(const ActingDevice& device) {
  VEDETTE_TRY(const auto tpm, stage_.open_tpm(device.tpm->tcti(), device.folder + "/firmware"));
  VEDETTE_TRY(const Bytes encoded, tpm->endorsement_key());
  VEDETTE_TRY(const auto key, codec::parse_tpm2b_public(encoded));
  return to_hex(crypto::sha256(key.encoded));
}

namespace {

// What an operator would declare after a look at 'vedette doctor'.
std::string posture_of_this_machine() {
  const auto posture = strongest_posture(probe_machine());
  return std::string(inference::name_of(posture.value_or(inference::Posture::full)));
}

}  // namespace

Result<void> Theatre::write_agent_config(const ActingDevice& device) const {
  const std::string socket = device.tpm->tcti().substr(kSwtpmPrefix.size());
  return write_text(device.folder + "/agent.toml",
                    "state_folder = \"state\"\ntrust_domain = \"demo.vedette\"\n\n[server]\n"
                    "host = \"127.0.0.1\"\nenrollment_port = " +
                        std::to_string(server_.enrollment_port) +
                        "\ndevice_port = " + std::to_string(server_.device_port) +
                        "\nroots = \"../server/ca/root.pem\"\n\n[tpm]\ninsecure_software_tpm = \"" +
                        socket + "\"\n\n[inference]\nworker = \"" + program("vedette-worker") +
                        "\"\nposture = \"" + posture_of_this_machine() +
                        "\"\n\n[releases]\nmodels = [\"voice\"]\n"
                        "publisher_keys = [\"../publisher.key.pub\"]\npoll_seconds = 1\n\n"
                        "[api]\nport = 0\n\n"
                        // Not this machine's own logs: its TPM is not the device's.
                        "[attestation]\nevent_log = \"event-log\"\nima_log = \"ima-log\"\n");
}

Result<void> Theatre::start_agent(ActingDevice& device) {
  device.agent.reset();  // ends a former one
  VEDETTE_CHECK(write_agent_config(device));
  const std::string log = device.folder + "/agent-" + std::to_string(++commands_) + ".log";
  VEDETTE_TRY(device.agent, stage_.start({program("vedette-agent"), "run", "--config",
                                          device.folder + "/agent.toml"},
                                         log));
  VEDETTE_TRY(const Json ready, wait_until_ready(*device.agent, log));
  device.api_port = port_in(ready, "api_port");
  platform::HttpClientSettings settings;
  settings.host = "127.0.0.1";
  settings.port = device.api_port;
  settings.plain = true;
  VEDETTE_TRY(device.api, stage_.http().connect(settings));
  return {};
}

Result<Json> Theatre::agent_status(ActingDevice& device) {
  VEDETTE_TRY(const auto response, device.api->send(platform::get_request("/vedette/status")));
  return platform::read_json_answer(response);
}

Result<Theatre::Identity> Theatre::impersonate(const ActingDevice& device) {
  VEDETTE_TRY(auto tpm, stage_.open_tpm(device.tpm->tcti(), device.folder + "/state/tpm"));
  VEDETTE_TRY(const Bytes encoded, tpm->device_key());
  VEDETTE_TRY(const auto parsed, codec::parse_tpm2b_public(encoded));
  VEDETTE_TRY(const auto public_key, crypto::public_key_of(parsed));
  VEDETTE_TRY(auto signer, tpm->device_key_signer());
  VEDETTE_TRY(auto key, crypto::PrivateKey::delegated(public_key, std::move(signer)));
  VEDETTE_TRY(const Bytes chain_pem, read_file(device.folder + "/state/device.pem", 64U << 10U));
  VEDETTE_TRY(auto chain, crypto::Certificate::all_from_pem(as_text(chain_pem)));
  VEDETTE_TRY(const Bytes root_pem, read_file(path("server/ca/root.pem"), 64U << 10U));
  platform::HttpClientSettings settings;
  settings.host = "127.0.0.1";
  settings.port = server_.device_port;
  VEDETTE_TRY(settings.roots, crypto::Certificate::all_from_pem(as_text(root_pem)));
  settings.chain = chain;
  settings.key = key;
  VEDETTE_TRY(auto client, stage_.http().connect(settings));
  return Identity{std::move(tpm), std::move(chain), std::move(key), std::move(client)};
}

}  // namespace vedette::cli::demo
