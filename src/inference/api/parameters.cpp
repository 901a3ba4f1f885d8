#include "inference/api/parameters.h"

#include <limits>

namespace vedette::inference {

namespace {

using codec::Json;

std::unexpected<Error> refuse_value(std::string_view name, std::string_view wanted) {
  return refuse("OIP-PARAMETER", "a parameter does not have a value that it can have",
                "'" + std::string(name) + "' is not " + std::string(wanted));
}

// The object, or nullptr when there is none. A parameter that nobody here understands is no harm;
// one that would change what is asked or answered must not be passed over in silence.
Result<const Json*> parameters_of(const Json& owner) {
  const Json* const parameters = owner.find("parameters");
  if (parameters == nullptr) return nullptr;
  const Json::Object* const members = parameters->if_object();
  if (members == nullptr) return refuse("OIP-REQUEST", "'parameters' is not an object");
  for (const auto& [name, value] : *members)
    if (name.starts_with("sequence_") || name.starts_with("shared_memory_") ||
        name == "classification")
      return refuse("OIP-PARAMETER", "this parameter asks for what is not offered here",
                    name.substr(0, 40),
                    "sequences, shared memory by name and classification are not served");
  return parameters;
}

const Json* find(const Json* parameters, std::string_view name) {
  return parameters == nullptr ? nullptr : parameters->find(name);
}

Result<std::optional<std::int64_t>> whole_number(const Json* parameters, std::string_view name,
                                                 std::int64_t most) {
  const Json* const value = find(parameters, name);
  if (value == nullptr) return std::nullopt;
  const std::int64_t* const number = value->if_integer();
  if (number == nullptr || *number < 0 || *number > most)
    return refuse_value(name, "a whole number from 0 to " + std::to_string(most));
  return *number;
}

Result<OutputForm> form(const Json* parameters, std::string_view name, OutputForm fallback) {
  const Json* const value = find(parameters, name);
  if (value == nullptr) return fallback;
  const bool* const binary = value->if_bool();
  if (binary == nullptr) return refuse_value(name, "true or false");
  return *binary ? OutputForm::binary : OutputForm::json;
}

}  // namespace

Result<void> read_request_parameters(const Json& body, InferRequest& request) {
  VEDETTE_TRY(const Json* parameters, parameters_of(body));
  VEDETTE_TRY(request.default_form, form(parameters, "binary_data_output", OutputForm::json));
  VEDETTE_TRY(const auto priority,
              whole_number(parameters, "priority", std::numeric_limits<std::uint32_t>::max()));
  request.priority = static_cast<std::uint32_t>(priority.value_or(0));
  VEDETTE_TRY(const auto timeout,
              whole_number(parameters, "timeout", std::numeric_limits<std::int64_t>::max()));
  // As in the protocol's other servers, 0 is no timeout of the caller's.
  if (timeout.value_or(0) != 0) request.timeout = std::chrono::microseconds(*timeout);
  return {};
}

Result<std::optional<std::uint64_t>> read_input_parameters(const Json& input) {
  VEDETTE_TRY(const Json* parameters, parameters_of(input));
  VEDETTE_TRY(const auto size, whole_number(parameters, "binary_data_size",
                                            std::numeric_limits<std::int64_t>::max()));
  if (!size) return std::nullopt;
  return static_cast<std::uint64_t>(*size);
}

Result<OutputForm> read_output_parameters(const Json& output, OutputForm default_form) {
  VEDETTE_TRY(const Json* parameters, parameters_of(output));
  return form(parameters, "binary_data", default_form);
}

}  // namespace vedette::inference
