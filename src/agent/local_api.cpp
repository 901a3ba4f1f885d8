#include "agent/local_api.h"

#include <algorithm>
#include <utility>

#include "inference/api/open_inference.h"

namespace vedette::agent {

namespace {

using inference::Operation;
using inference::Route;
using platform::HttpRequest;
using platform::HttpResponse;
using policy::LocalAct;

constexpr std::string_view kJsonLength = "inference-header-content-length";

HttpResponse json_text(std::string_view text) {
  HttpResponse response;
  response.body = to_bytes(text);
  return response;
}

HttpResponse infer_response(inference::RenderedResponse rendered) {
  HttpResponse response;
  response.body = std::move(rendered.body);
  if (rendered.json_bytes) {
    response.content_type = "application/octet-stream";
    response.headers.emplace_back(inference::kJsonLengthHeader,
                                  std::to_string(*rendered.json_bytes));
  }
  return response;
}

Result<std::optional<std::size_t>> json_length(const HttpRequest& request) {
  const auto said = std::ranges::count(request.headers, kJsonLength,
                                       [](const auto& header) { return header.first; });
  if (said == 0) return std::nullopt;
  if (said > 1) return refuse("OIP-BINARY", "the length of the JSON is said twice");
  return inference::parse_json_length(request.header(kJsonLength));
}

Result<void> check_encoding(const HttpRequest& request) {
  const std::string encoding = request.header("content-encoding");
  if (encoding.empty() || encoding == "identity") return {};
  return refuse("OIP-ENCODING", "compressed requests are not read", encoding.substr(0, 40),
                "send the body as it is: it does not leave this device");
}

}  // namespace

HttpResponse LocalApi::handle(const platform::Connection& connection, const HttpRequest& request) {
  auto answered = answer(LocalAccess(parts_.policy, connection), request);
  if (answered) return *std::move(answered);
  return refusal_response(answered.error(), parts_.retry_after);
}

LocalApi::Answer LocalApi::answer(const LocalAccess& access, const HttpRequest& request) const {
  const std::string path = request.path();
  if (path == "/vedette/status" && request.method == "GET") {
    VEDETTE_CHECK(access.require(LocalAct::see_status, {}));
    return json_text(codec::to_json(parts_.status()));
  }
  VEDETTE_TRY(const Route route, inference::parse_route(request.method, path));
  switch (route.operation) {
    case Operation::server_live:
      return json_text("{\"live\":true}");
    case Operation::server_ready:
      return server_ready();
    case Operation::server_metadata:
      return json_text(
          inference::render_server_metadata("vedette", "0.1.0", {"binary_tensor_data"}));
    case Operation::repository_index:
      return repository_index(access);
    case Operation::model_metadata:
      return model_metadata(access, route);
    case Operation::model_ready:
      return model_ready(access, route);
    case Operation::infer:
      return infer(access, route, request);
  }
  return refuse("OIP-PATH", "there is nothing at this path");
}

LocalApi::Answer LocalApi::server_ready() const {
  VEDETTE_TRY(const Verdict verdict, parts_.trust.current());
  if (parts_.models.all().empty())
    return refuse("AGT-NO-MODEL-YET", "no model has been loaded yet");
  return json_text("{\"ready\":true}");
}

LocalApi::Answer LocalApi::repository_index(const LocalAccess& access) const {
  const auto verdict = parts_.trust.current();
  std::vector<inference::IndexEntry> entries;
  for (const auto& hold : parts_.models.all()) {
    const ServedModel& model = hold->model();
    if (!access.may(LocalAct::see_metadata, model.name.str())) continue;
    auto ready = hold->ready();
    if (!verdict) ready = std::unexpected(verdict.error());
    entries.push_back({.name = model.name.str(),
                       .version = std::to_string(model.release),
                       .ready = ready.has_value(),
                       .reason = ready ? "" : ready.error().message});
  }
  return json_text(inference::render_repository_index(entries));
}

LocalApi::Answer LocalApi::model_metadata(const LocalAccess& access, const Route& route) const {
  VEDETTE_TRY(const auto decision, access.require(LocalAct::see_metadata, route.model));
  VEDETTE_TRY(const auto hold, parts_.models.find(route.model, route.version));
  const ServedModel& model = hold->model();
  auto metadata = hold->metadata();
  access.keep_visible(decision, model, metadata.outputs);
  return json_text(inference::render_model_metadata(
      model.name.str(), {std::to_string(model.release)}, "onnx", metadata));
}

LocalApi::Answer LocalApi::model_ready(const LocalAccess& access, const Route& route) const {
  VEDETTE_CHECK(access.require(LocalAct::see_metadata, route.model));
  VEDETTE_TRY(const auto hold, parts_.models.find(route.model, route.version));
  VEDETTE_TRY(const Verdict verdict, parts_.trust.current());
  VEDETTE_CHECK(hold->ready());
  return json_text("{\"ready\":true}");
}

LocalApi::Answer LocalApi::infer(const LocalAccess& access, const Route& route,
                                 const HttpRequest& http) const {
  VEDETTE_TRY(const auto decision, access.require(LocalAct::infer, route.model));
  VEDETTE_TRY(const Verdict before, parts_.trust.current());
  VEDETTE_TRY(const auto hold, parts_.models.find(route.model, route.version));
  const ServedModel& model = hold->model();
  VEDETTE_CHECK(check_encoding(http));
  VEDETTE_TRY(const auto json_bytes, json_length(http));
  VEDETTE_TRY(const auto request, inference::parse_infer_request(http.body, json_bytes));
  VEDETTE_CHECK(access.check_wanted(decision, model, request.outputs));
  const CallTerms terms{.deadline = inference::deadline_of(request, model.call_deadline),
                        .priority = request.priority};
  VEDETTE_TRY(auto outputs, hold->infer(request.inputs, terms));
  access.keep_visible(decision, model, outputs);
  VEDETTE_TRY(outputs, inference::select_outputs(std::move(outputs), request.outputs));
  VEDETTE_CHECK(parts_.witness.witness(
      {.model = model, .request_id = request.id, .inputs = request.inputs, .outputs = outputs}));
  VEDETTE_TRY(const Verdict after, parts_.trust.current());
  auto forms = inference::forms_of(request, outputs.size());
  VEDETTE_TRY(auto rendered,
              inference::render_infer_response({.model_name = model.name.str(),
                                                .model_version = std::to_string(model.release),
                                                .id = request.id,
                                                .outputs = std::move(outputs),
                                                .forms = std::move(forms)}));
  return infer_response(std::move(rendered));
}

}  // namespace vedette::agent
