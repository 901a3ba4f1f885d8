#include <algorithm>

#include "codec/json.h"
#include "inference/api/json_data.h"
#include "inference/api/open_inference.h"

namespace vedette::inference {

namespace {

void put(Bytes& to, std::string_view text) {
  append(to, as_bytes(text));
}

void put_quoted(Bytes& to, std::string_view text) {
  put(to, codec::to_json(codec::Json(text)));
}

void put_shape(Bytes& to, const std::vector<std::int64_t>& shape) {
  put(to, "[");
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i != 0) put(to, ",");
    put(to, std::to_string(shape[i]));
  }
  put(to, "]");
}

OutputForm form_of(const InferResponse& response, std::size_t output) {
  return output < response.forms.size() ? response.forms[output] : OutputForm::json;
}

Result<void> put_output(Bytes& to, const Tensor& tensor, OutputForm form) {
  put(to, R"({"name":)");
  put_quoted(to, tensor.name);
  put(to, R"(,"datatype":")");
  put(to, name_of(tensor.type));
  put(to, R"(","shape":)");
  put_shape(to, tensor.shape);
  if (form == OutputForm::binary) {
    put(to, R"(,"parameters":{"binary_data_size":)" + std::to_string(tensor.data.size()) + "}}");
    return {};
  }
  put(to, R"(,"data":[)");
  VEDETTE_CHECK(write_json_data(to, tensor));
  put(to, "]}");
  return {};
}

Result<void> put_json(Bytes& to, const InferResponse& response) {
  put(to, R"({"model_name":)");
  put_quoted(to, response.model_name);
  if (!response.model_version.empty()) {
    put(to, R"(,"model_version":)");
    put_quoted(to, response.model_version);
  }
  if (!response.id.empty()) {
    put(to, R"(,"id":)");
    put_quoted(to, response.id);
  }
  put(to, R"(,"outputs":[)");
  for (std::size_t i = 0; i < response.outputs.size(); ++i) {
    if (i != 0) put(to, ",");
    VEDETTE_CHECK(put_output(to, response.outputs[i], form_of(response, i)));
  }
  put(to, "]}");
  return {};
}

// Enough for nearly every answer, so that its body is allocated once.
std::size_t expected_size(const InferResponse& response) {
  constexpr std::size_t kHead = 512;
  constexpr std::size_t kPerOutput = 320;
  constexpr std::size_t kPerNumber = 14;
  std::size_t size = kHead + response.outputs.size() * kPerOutput;
  for (std::size_t i = 0; i < response.outputs.size(); ++i) {
    const Tensor& tensor = response.outputs[i];
    const bool binary = form_of(response, i) == OutputForm::binary;
    size +=
        binary ? tensor.data.size() : tensor.data.size() / element_size(tensor.type) * kPerNumber;
  }
  return size;
}

}  // namespace

Result<std::vector<Tensor>> select_outputs(std::vector<Tensor> outputs,
                                           std::span<const WantedOutput> wanted) {
  if (wanted.empty()) return outputs;
  std::vector<Tensor> selected;
  for (const WantedOutput& want : wanted) {
    const auto output = std::ranges::find(outputs, want.name, &Tensor::name);
    if (output == outputs.end())
      return refuse("OIP-OUTPUT", "the model has no output of this name", want.name);
    selected.push_back(std::move(*output));
  }
  return selected;
}

std::vector<OutputForm> forms_of(const InferRequest& request, std::size_t count) {
  std::vector<OutputForm> forms(count, request.default_form);
  for (std::size_t i = 0; i < std::min(count, request.outputs.size()); ++i)
    forms[i] = request.outputs[i].form;
  return forms;
}

Result<RenderedResponse> render_infer_response(const InferResponse& response) {
  RenderedResponse rendered;
  rendered.body.reserve(expected_size(response));
  VEDETTE_CHECK(put_json(rendered.body, response));
  const std::size_t json_bytes = rendered.body.size();
  for (std::size_t i = 0; i < response.outputs.size(); ++i) {
    if (form_of(response, i) != OutputForm::binary) continue;
    rendered.json_bytes = json_bytes;
    append(rendered.body, response.outputs[i].data);
  }
  return rendered;
}

}  // namespace vedette::inference
