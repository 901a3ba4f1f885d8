#include "inference/api/element_values.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace vedette::inference {

namespace {

using codec::Json;

std::unexpected<Error> unfit(DataType type) {
  return refuse("OIP-VALUE", "a value does not fit the tensor's type", std::string(name_of(type)));
}

std::unexpected<Error> no_half_floats() {
  return refuse("OIP-DATATYPE", "FP16 has no JSON form", {},
                "convert the model's inputs and outputs to FP32");
}

template <class T>
void append_raw(T value, Bytes& to) {
  const std::size_t at = to.size();
  to.resize(at + sizeof value);
  std::memcpy(to.data() + at, &value, sizeof value);
}

template <class T>
Result<void> append_integer(DataType type, const Json& value, Bytes& to) {
  const std::int64_t* number = value.if_integer();
  if (number == nullptr || !std::in_range<T>(*number)) return unfit(type);
  append_raw(static_cast<T>(*number), to);
  return {};
}

template <class T>
Result<void> append_real(DataType type, const Json& value, Bytes& to) {
  const double* real = value.if_double();
  const std::int64_t* whole = value.if_integer();
  if (real == nullptr && whole == nullptr) return unfit(type);
  const double number = real != nullptr ? *real : static_cast<double>(*whole);
  if (std::fabs(number) > static_cast<double>(std::numeric_limits<T>::max())) return unfit(type);
  append_raw(static_cast<T>(number), to);
  return {};
}

template <class T>
T read_raw(const Tensor& tensor, std::size_t index) {
  T value{};
  std::memcpy(&value, tensor.data.data() + index * sizeof value, sizeof value);
  return value;
}

template <class T>
Json::Array integers_of(const Tensor& tensor) {
  Json::Array list;
  list.reserve(tensor.data.size() / sizeof(T));
  for (std::size_t i = 0; i * sizeof(T) < tensor.data.size(); ++i) {
    const T value = read_raw<T>(tensor, i);
    if constexpr (std::is_signed_v<T>)
      list.emplace_back(std::int64_t{value});
    else
      list.emplace_back(std::uint64_t{value});
  }
  return list;
}

template <class T>
Result<Json::Array> reals_of(const Tensor& tensor) {
  Json::Array list;
  list.reserve(tensor.data.size() / sizeof(T));
  for (std::size_t i = 0; i * sizeof(T) < tensor.data.size(); ++i) {
    const T value = read_raw<T>(tensor, i);
    if (!std::isfinite(value))
      return refuse("OIP-NOT-FINITE", "an output is not a finite number, which JSON cannot say",
                    tensor.name);
    list.emplace_back(static_cast<double>(value));
  }
  return list;
}

}  // namespace

Result<void> append_element(DataType type, const Json& value, Bytes& to) {
  switch (type) {
    case DataType::boolean:
      if (value.if_bool() == nullptr) return unfit(type);
      to.push_back(*value.if_bool() ? 1 : 0);
      return {};
    case DataType::int8:
      return append_integer<std::int8_t>(type, value, to);
    case DataType::int16:
      return append_integer<std::int16_t>(type, value, to);
    case DataType::int32:
      return append_integer<std::int32_t>(type, value, to);
    case DataType::int64:
      return append_integer<std::int64_t>(type, value, to);
    case DataType::uint8:
      return append_integer<std::uint8_t>(type, value, to);
    case DataType::uint16:
      return append_integer<std::uint16_t>(type, value, to);
    case DataType::uint32:
      return append_integer<std::uint32_t>(type, value, to);
    case DataType::uint64:
      return append_integer<std::uint64_t>(type, value, to);
    case DataType::fp32:
      return append_real<float>(type, value, to);
    case DataType::fp64:
      return append_real<double>(type, value, to);
    case DataType::fp16:
      break;
  }
  return no_half_floats();
}

Result<Json::Array> elements_of(const Tensor& tensor) {
  switch (tensor.type) {
    case DataType::boolean: {
      Json::Array list;
      for (const std::uint8_t octet : tensor.data)
        list.emplace_back(octet != 0);
      return list;
    }
    case DataType::int8:
      return integers_of<std::int8_t>(tensor);
    case DataType::int16:
      return integers_of<std::int16_t>(tensor);
    case DataType::int32:
      return integers_of<std::int32_t>(tensor);
    case DataType::int64:
      return integers_of<std::int64_t>(tensor);
    case DataType::uint8:
      return integers_of<std::uint8_t>(tensor);
    case DataType::uint16:
      return integers_of<std::uint16_t>(tensor);
    case DataType::uint32:
      return integers_of<std::uint32_t>(tensor);
    case DataType::uint64:
      return integers_of<std::uint64_t>(tensor);
    case DataType::fp32:
      return reals_of<float>(tensor);
    case DataType::fp64:
      return reals_of<double>(tensor);
    case DataType::fp16:
      break;
  }
  return no_half_floats();
}

}  // namespace vedette::inference
