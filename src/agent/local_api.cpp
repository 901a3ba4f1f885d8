#include "agent/local_api.h"

#include <array>
#include <utility>

#include "inference/api/open_inference.h"

namespace vedette::agent {

namespace {

using platform::HttpResponse;

constexpr std::string_view kModels = "/v2/models/";
constexpr std::string_view kInfer = "/infer";
constexpr std::string_view kReady = "/ready";

HttpResponse json_text(std::string_view text) {
  HttpResponse response;
  response.body = to_bytes(text);
  return response;
}

int status_of(const Error& error) {
  constexpr std::array<std::pair<std::string_view, int>, 10> kStatus{{
      {"AGT-NO-MODEL", 404},
      {"AGT-PATH", 404},
      {"AGT-NOT-ATTESTED", 503},
      {"AGT-", 503},
      {"SBX-REQUEST-SIZE", 413},
      {"SBX-DEADLINE", 504},
      {"SBX-", 503},
      {"JSON-", 400},
      {"OIP-", 400},
      {"INF-", 400},
  }};
  for (const auto& [prefix, status] : kStatus)
    if (error.code.starts_with(prefix)) return status;
  return 500;
}

std::unexpected<Error> no_such_path(std::string_view path) {
  return refuse("AGT-PATH", "there is nothing at this path", std::string(path.substr(0, 200)),
                "the Open Inference Protocol v2 starts at /v2");
}

}  // namespace

HttpResponse LocalApi::handle(const platform::Connection& /*connection*/,
                              const platform::HttpRequest& request) {
  const std::string path = request.path();
  const std::string_view view = path;
  auto result = [&]() -> Result<HttpResponse> {
    if (request.method == "GET") return get(view);
    if (request.method == "POST" && view.starts_with(kModels) && view.ends_with(kInfer))
      return infer(view.substr(kModels.size(), view.size() - kModels.size() - kInfer.size()),
                   request.body);
    return no_such_path(view);
  }();
  if (result) return *std::move(result);
  HttpResponse response = json_text(inference::render_error(result.error()));
  response.status = status_of(result.error());
  return response;
}

Result<HttpResponse> LocalApi::get(std::string_view path) const {
  if (path == "/v2/health/live") return json_text("{\"live\":true}");
  if (path == "/v2/health/ready") {
    VEDETTE_TRY(const Verdict verdict, parts_.trust.current());
    if (parts_.serving.all().empty())
      return refuse("AGT-NO-MODEL-YET", "no model has been loaded yet");
    return json_text("{\"ready\":true}");
  }
  if (path == "/v2") return json_text(inference::render_server_metadata("vedette", "0.1.0", {}));
  if (path == "/vedette/status") return json_text(codec::to_json(parts_.status()));
  if (path.starts_with(kModels)) return get_model(path.substr(kModels.size()));
  return no_such_path(path);
}

Result<HttpResponse> LocalApi::get_model(std::string_view rest) const {
  const bool asks_ready = rest.ends_with(kReady);
  if (asks_ready) rest.remove_suffix(kReady.size());
  VEDETTE_TRY(const auto model, parts_.serving.find(rest));
  if (!asks_ready)
    return json_text(inference::render_model_metadata(
        model->name.str(), {std::to_string(model->release)}, "onnx", model->worker->metadata()));
  VEDETTE_TRY(const Verdict verdict, parts_.trust.current());
  if (!model->worker->alive())
    return refuse("SBX-WORKER-DIED", "the model's worker is not running");
  return json_text("{\"ready\":true}");
}

Result<HttpResponse> LocalApi::infer(std::string_view name, ByteView body) const {
  VEDETTE_TRY(const Verdict before, parts_.trust.current());
  VEDETTE_TRY(const auto model, parts_.serving.find(name));
  VEDETTE_TRY(const auto request, inference::parse_infer_request(as_text(body)));
  VEDETTE_TRY(auto outputs, model->worker->infer(request.inputs, model->call_deadline));
  VEDETTE_TRY(outputs, inference::select_outputs(std::move(outputs), request.outputs));
  VEDETTE_CHECK(parts_.witness.witness(
      {.model = *model, .request_id = request.id, .inputs = request.inputs, .outputs = outputs}));
  VEDETTE_TRY(const Verdict after, parts_.trust.current());
  VEDETTE_TRY(const std::string text,
              inference::render_infer_response({.model_name = model->name.str(),
                                                .model_version = std::to_string(model->release),
                                                .id = request.id,
                                                .outputs = std::move(outputs)}));
  return json_text(text);
}

}  // namespace vedette::agent
