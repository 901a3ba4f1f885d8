#include "inference/admission/interface.h"

#include <algorithm>

namespace vedette::inference::admission {
namespace {

std::unexpected<Error> refuse_interface(std::string_view name, std::string_view why) {
  return refuse("ADM-IO", "an input or output of the model is not what is allowed",
                "'" + std::string(name) + "': " + std::string(why));
}

Result<TensorInfo> crossing(const ValueInfo& value) {
  if (!is_tensor_name(value.name)) return refuse_interface(value.name, "its name is too long");
  if (value.type.element == nullptr) return refuse_interface(value.name, "it is no dense tensor");
  if (!value.type.element->crosses)
    return refuse_interface(value.name,
                            std::string(value.type.element->name) + " does not cross the cage");
  if (!value.type.shape)
    return refuse_interface(value.name, "the number of dimensions is not said");
  if (value.type.shape->size() > kMaxRank)
    return refuse_interface(value.name, "too many dimensions");
  return TensorInfo{std::string(value.name), *value.type.element->crosses, *value.type.shape};
}

bool matches(const TensorInfo& model, const TensorInfo& contract) {
  return model.type == contract.type &&
         std::ranges::equal(model.shape, contract.shape, [](std::int64_t has, std::int64_t wanted) {
           return wanted == -1 || has == wanted;
         });
}

Result<void> check_declared(const std::vector<TensorInfo>& tensors,
                            const std::vector<TensorInfo>& declared) {
  for (const TensorInfo& tensor : tensors) {
    const auto wanted = std::ranges::find(declared, tensor.name, &TensorInfo::name);
    if (wanted == declared.end())
      return refuse_interface(tensor.name, "the contract does not declare it");
    if (!matches(tensor, *wanted))
      return refuse_interface(tensor.name, "is " + describe(tensor.type, tensor.shape) +
                                               ", the contract says " +
                                               describe(wanted->type, wanted->shape));
  }
  for (const TensorInfo& wanted : declared)
    if (std::ranges::find(tensors, wanted.name, &TensorInfo::name) == tensors.end())
      return refuse_interface(wanted.name, "the contract declares it, the model does not have it");
  return {};
}

}  // namespace

Result<std::vector<TensorInfo>> interface_of(
    std::span<const ValueInfo> values, const std::optional<std::vector<TensorInfo>>& declared) {
  if (values.size() > kMaxTensors)
    return refuse("ADM-IO", "the model has too many inputs or outputs",
                  std::to_string(values.size()) + ", at most " + std::to_string(kMaxTensors));
  std::vector<TensorInfo> tensors;
  for (const ValueInfo& value : values) {
    VEDETTE_TRY(TensorInfo tensor, crossing(value));
    if (std::ranges::find(tensors, tensor.name, &TensorInfo::name) != tensors.end())
      return refuse_interface(tensor.name, "it is there twice");
    tensors.push_back(std::move(tensor));
  }
  if (declared) VEDETTE_CHECK(check_declared(tensors, *declared));
  return tensors;
}

std::uint64_t octets_of_interface(std::span<const TensorInfo> tensors) {
  std::uint64_t sum = 0;
  for (const TensorInfo& tensor : tensors) {
    std::uint64_t octets = element_size(tensor.type);
    for (const std::int64_t dimension : tensor.shape)
      octets *= dimension == -1 ? 1 : static_cast<std::uint64_t>(dimension);
    sum += octets;
  }
  return sum;
}

}  // namespace vedette::inference::admission
