#include <functional>
#include <thread>

#include <unistd.h>

#include "agent/local_api.h"
#include "codec/json.h"
#include "inference/api/open_inference.h"
#include "platform/net/beast/beast_http.h"

#include "cage.h"
#include "sections.h"

namespace vedette::bench {

namespace {

using namespace inference;
using std::chrono::steady_clock;

constexpr int kRounds = 20;
constexpr int kCalls = 300;
constexpr int kWarmUps = 20;
constexpr std::chrono::milliseconds kDeadline{10'000};
constexpr std::uint64_t kRelease = 1;

// One model in one cage, as the API sees it: what remains is HTTP, its tensors and the policy.
class CagedModel final : public agent::ModelSource {
 public:
  explicit CagedModel(WorkerProcess& worker) : worker_(worker) {}

  Result<std::unique_ptr<agent::ModelHold>> find(
      std::string_view /*name*/, std::optional<std::uint64_t> /*release*/) override {
    return std::make_unique<Hold>(*this);
  }
  std::vector<std::unique_ptr<agent::ModelHold>> all() override { return {}; }

  Samples inside;  // the calls through the cage by themselves; one request at a time

 private:
  class Hold final : public agent::ModelHold {
   public:
    explicit Hold(CagedModel& source) : source_(source) {}

    [[nodiscard]] const agent::ServedModel& model() const override { return source_.about_; }
    [[nodiscard]] ModelMetadata metadata() const override { return source_.worker_.metadata(); }
    [[nodiscard]] Result<void> ready() const override { return {}; }
    [[nodiscard]] Result<std::vector<Tensor>> infer(std::span<const TensorView> inputs,
                                                    const agent::CallTerms& terms) override {
      channel::Reply reply;
      const auto begin = steady_clock::now();
      VEDETTE_CHECK(source_.worker_.infer(inputs, terms.deadline, reply));
      source_.inside.add_microseconds(steady_clock::now() - begin);
      return std::move(reply.outputs);
    }

   private:
    CagedModel& source_;
  };

  WorkerProcess& worker_;
  agent::ServedModel about_{
      .name = *ModelName::parse("m"), .release = kRelease, .call_deadline = kDeadline};
};

// Receipts are the TPM's time, not HTTP's.
class NoReceipts final : public agent::InferenceWitness {
 public:
  Result<void> witness(const agent::Inference& /*inference*/) override { return {}; }
};

// The request of an unmodified client that sends and wants binary tensors.
platform::HttpRequest request_of(const Subject& subject) {
  codec::Json::Array inputs;
  Bytes data;
  for (const Tensor& tensor : subject.inputs) {
    codec::Json::Array shape;
    for (const std::int64_t length : tensor.shape)
      shape.emplace_back(length);
    codec::Json parameters;
    parameters.set("binary_data_size", static_cast<std::int64_t>(tensor.data.size()));
    codec::Json input;
    input.set("name", tensor.name).set("datatype", std::string(name_of(tensor.type)));
    input.set("shape", std::move(shape)).set("parameters", std::move(parameters));
    inputs.push_back(std::move(input));
    append(data, tensor.data);
  }
  codec::Json parameters;
  parameters.set("binary_data_output", true);
  codec::Json body;
  body.set("inputs", std::move(inputs)).set("parameters", std::move(parameters));
  const std::string json = codec::to_json(body);
  platform::HttpRequest request{"POST", "/v2/models/m/infer", {}, to_bytes(json)};
  request.headers.emplace_back(kJsonLengthHeader, std::to_string(json.size()));
  append(request.body, data);
  return request;
}

struct Way {
  std::string name;
  std::function<Result<void>()> call;
  Samples samples{};
  std::vector<Samples> rounds{};
};

Result<void> measure_round(Way& way) {
  for (int i = 0; i < kWarmUps; ++i)
    VEDETTE_CHECK(way.call());
  Samples& round = way.rounds.emplace_back();
  for (int i = 0; i < kCalls; ++i) {
    const auto begin = steady_clock::now();
    VEDETTE_CHECK(way.call());
    const auto time = steady_clock::now() - begin;
    way.samples.add_microseconds(time);
    round.add_microseconds(time);
  }
  return {};
}

double added(const Way& way, const Way& base, double share) {
  Samples differences;
  for (std::size_t i = 0; i < way.rounds.size(); ++i)
    differences.add(way.rounds[i].at(share) - base.rounds[i].at(share));
  return differences.median();
}

Result<void> call_http(platform::HttpClient& client, const platform::HttpRequest& request) {
  VEDETTE_TRY(const auto response, client.send(request));
  if (response.status == 200) return {};
  return refuse("BENCH-CALL", "the API refused a call", std::string(as_text(response.body)));
}

Result<void> measure(Report& report, WorkerProcess& worker, const Subject& subject,
                     const std::string& where) {
  const SystemClock clock;
  agent::TrustState trust(clock);
  trust.believe({.device = *DeviceId::parse("bench"),
                 .ear = {},
                 .expires_at = clock.now() + std::chrono::hours(1),
                 .attest_again_at = clock.now() + std::chrono::hours(1),
                 .epoch = Epoch{1}});
  CagedModel models(worker);
  NoReceipts witness;
  agent::LocalApi api({.trust = trust,
                       .models = models,
                       .witness = witness,
                       .policy = {.owner = ::getuid(), .rules = {}},
                       .status = {},
                       .retry_after = {}});
  const auto http = platform::make_beast_http();
  const std::string socket = "/tmp/vedette-bench-" + std::to_string(::getpid()) + ".socket";
  platform::HttpServerSettings settings;
  settings.thread_per_connection = true;  // as the agent does
  VEDETTE_TRY(const auto tcp, http->serve(settings, api));
  settings.unix_path = socket;
  VEDETTE_TRY(const auto local, http->serve(settings, api));
  platform::HttpClientSettings to_tcp;
  to_tcp.host = "127.0.0.1";
  to_tcp.port = tcp->port();
  to_tcp.plain = true;
  platform::HttpClientSettings to_local;
  to_local.unix_path = socket;
  VEDETTE_TRY(const auto tcp_client, http->connect(to_tcp));
  VEDETTE_TRY(const auto local_client, http->connect(to_local));
  const auto request = request_of(subject);
  const auto inputs = views(subject.inputs);
  channel::Reply reply;
  Way ways[] = {{"the cage, by futex", [&] { return worker.infer(inputs, kDeadline, reply); }},
                {"HTTP on loopback", [&] { return call_http(*tcp_client, request); }},
                {"HTTP on a Unix socket", [&] { return call_http(*local_client, request); }}};
  for (int round = 0; round < kRounds; ++round)
    for (Way& way : ways)
      VEDETTE_CHECK(measure_round(way));
  report.section("HTTP with binary tensors, " + where + ": " + subject.name, "us");
  for (const Way& way : ways)
    report.line(way.name, way.samples);
  report.line("of an HTTP call: the cage", models.inside);
  for (const Way* way : {&ways[1], &ways[2]}) {
    report.bar(way->name + " adds, p50", added(*way, ways[0], 0.5), Report::Side::at_most, 120,
               "us");
    report.figure(way->name + " adds, p99", added(*way, ways[0], 0.99));
  }
  return {};
}

}  // namespace

Result<void> measure_http(Report& report) {
  VEDETTE_TRY(const auto spawner, start_spawner());
  VEDETTE_TRY(const Subject silero, voice());
  const Subject small = dense("MLP, 2 x 16", {.layers = 2, .width = 16, .rows = 1});
  for (const Subject* subject : {&small, &silero}) {
    VEDETTE_TRY(const auto worker, start_worker(*spawner, subject->model, {}));
    VEDETTE_CHECK(measure(report, *worker, *subject, "wherever the kernel puts it"));
  }
  // Without the wake-ups from core to core, of which a call over HTTP takes several. The threads of
  // client and server are made by this one, and are bound with it.
  VEDETTE_TRY(const Cores cores, two_cores());
  bind_to(cores.one);
  for (const Subject* subject : {&small, &silero}) {
    VEDETTE_TRY(const auto worker, start_worker(*spawner, subject->model, {.cpu = cores.one}));
    VEDETTE_CHECK(measure(report, *worker, *subject, "on one core"));
  }
  return {};
}

}  // namespace vedette::bench
