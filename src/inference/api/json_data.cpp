#include "inference/api/json_data.h"

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstring>
#include <limits>
#include <utility>

namespace vedette::inference {

namespace {

using codec::Json;

std::unexpected<Error> refuse_value(std::string_view what) {
  return refuse("OIP-VALUE", "a value does not fit its tensor's datatype", std::string(what));
}

template <class T>
void put(Bytes& to, T value) {
  const std::size_t at = to.size();
  to.resize(at + sizeof value);
  std::memcpy(to.data() + at, &value, sizeof value);
}

Result<void> put_boolean(Bytes& to, const Json& value) {
  const bool* const boolean = value.if_bool();
  if (boolean == nullptr) return refuse_value("BOOL takes true and false only");
  to.push_back(*boolean ? 1 : 0);
  return {};
}

template <std::integral T>
Result<void> put_integer(Bytes& to, const Json& value) {
  const std::int64_t* const integer = value.if_integer();
  if (integer == nullptr) return refuse_value("an integer is needed");
  if (!std::in_range<T>(*integer)) return refuse_value(std::to_string(*integer));
  put(to, static_cast<T>(*integer));
  return {};
}

template <std::floating_point T>
Result<void> put_real(Bytes& to, const Json& value) {
  const double* const real = value.if_double();
  const std::int64_t* const integer = value.if_integer();
  if (real == nullptr && integer == nullptr) return refuse_value("a number is needed");
  const double number = real != nullptr ? *real : static_cast<double>(*integer);
  if (std::fabs(number) > static_cast<double>(std::numeric_limits<T>::max()))
    return refuse_value("beyond the datatype's range");
  put(to, static_cast<T>(number));
  return {};
}

Result<void> put_value(Bytes& to, DataType type, const Json& value) {
  switch (type) {
    case DataType::boolean:
      return put_boolean(to, value);
    case DataType::int8:
      return put_integer<std::int8_t>(to, value);
    case DataType::int16:
      return put_integer<std::int16_t>(to, value);
    case DataType::int32:
      return put_integer<std::int32_t>(to, value);
    case DataType::int64:
      return put_integer<std::int64_t>(to, value);
    case DataType::uint8:
      return put_integer<std::uint8_t>(to, value);
    case DataType::uint16:
      return put_integer<std::uint16_t>(to, value);
    case DataType::uint32:
      return put_integer<std::uint32_t>(to, value);
    case DataType::uint64:
      return put_integer<std::uint64_t>(to, value);
    case DataType::fp32:
      return put_real<float>(to, value);
    case DataType::fp64:
      return put_real<double>(to, value);
    case DataType::fp16:
      break;
  }
  return refuse("OIP-DATATYPE", "this datatype has no JSON form", std::string(name_of(type)));
}

std::unexpected<Error> refuse_shape(const TensorView& tensor) {
  return refuse("OIP-SHAPE", "a tensor's data do not have its shape",
                tensor.name + ": " + describe(tensor.type, tensor.shape));
}

// Data nested by dimension: every array has exactly as many members as its dimension says.
Result<void> read_nested(Bytes& to, const TensorView& tensor, const Json& value,
                         std::size_t depth) {
  if (depth == tensor.shape.size()) return put_value(to, tensor.type, value);
  const Json::Array* const values = value.if_array();
  if (values == nullptr || !std::cmp_equal(values->size(), tensor.shape[depth]))
    return refuse_shape(tensor);
  for (const Json& inner : *values)
    VEDETTE_CHECK(read_nested(to, tensor, inner, depth + 1));
  return {};
}

template <class T>
Result<void> render_value(Bytes& to, T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value))
      return refuse("OIP-NOT-FINITE", "the model answered with a number that JSON cannot hold",
                    std::isnan(value) ? "NaN" : "infinity", "ask for the output as binary data");
  }
  std::array<char, 40> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  append(to, as_bytes({text.data(), end}));
  return {};
}

// Written value by value: a tree of JSON values would take forty octets for each number.
template <class T>
Result<void> render_values(Bytes& to, const Bytes& data) {
  for (std::size_t at = 0; at + sizeof(T) <= data.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, data.data() + at, sizeof value);
    if (at != 0) to.push_back(',');
    VEDETTE_CHECK(render_value(to, value));
  }
  return {};
}

Result<void> render_booleans(Bytes& to, const Bytes& data) {
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (i != 0) to.push_back(',');
    append(to, as_bytes(data[i] != 0 ? "true" : "false"));
  }
  return {};
}

}  // namespace

// A scalar's data come as one value in an array.
Result<Bytes> read_json_data(const TensorView& tensor, const Json& data, std::uint64_t size) {
  const Json::Array* const values = data.if_array();
  if (values == nullptr) return refuse("OIP-REQUEST", "a tensor's data are no array", tensor.name);
  Bytes octets;
  if (!values->empty() && values->front().is_array()) {
    VEDETTE_CHECK(read_nested(octets, tensor, data, 0));
    return octets;
  }
  if (values->size() != size / element_size(tensor.type)) return refuse_shape(tensor);
  octets.reserve(size);  // no more than the values that are there
  for (const Json& value : *values)
    VEDETTE_CHECK(put_value(octets, tensor.type, value));
  return octets;
}

Result<void> write_json_data(Bytes& to, const Tensor& tensor) {
  switch (tensor.type) {
    case DataType::boolean:
      return render_booleans(to, tensor.data);
    case DataType::int8:
      return render_values<std::int8_t>(to, tensor.data);
    case DataType::int16:
      return render_values<std::int16_t>(to, tensor.data);
    case DataType::int32:
      return render_values<std::int32_t>(to, tensor.data);
    case DataType::int64:
      return render_values<std::int64_t>(to, tensor.data);
    case DataType::uint8:
      return render_values<std::uint8_t>(to, tensor.data);
    case DataType::uint16:
      return render_values<std::uint16_t>(to, tensor.data);
    case DataType::uint32:
      return render_values<std::uint32_t>(to, tensor.data);
    case DataType::uint64:
      return render_values<std::uint64_t>(to, tensor.data);
    case DataType::fp32:
      return render_values<float>(to, tensor.data);
    case DataType::fp64:
      return render_values<double>(to, tensor.data);
    case DataType::fp16:
      break;
  }
  return refuse("OIP-DATATYPE", "the model answered in a datatype without JSON form",
                tensor.name + ": " + std::string(name_of(tensor.type)),
                "ask for the output as binary data");
}

}  // namespace vedette::inference
