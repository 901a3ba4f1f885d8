#include "release/model_file.h"

#include <algorithm>

namespace vedette::release {
namespace {

bool ends_like(std::string_view name, std::string_view suffix) {
  if (name.size() <= suffix.size()) return false;
  name.remove_prefix(name.size() - suffix.size());
  return std::ranges::equal(name, suffix, [](char have, char want) {
    return have == want || (have >= 'A' && have <= 'Z' && have - 'A' + 'a' == want);
  });
}

}  // namespace

bool is_ort_file(std::string_view name) {
  return ends_like(name, ".ort");
}

bool is_model_file(std::string_view name) {
  return ends_like(name, ".onnx") || is_ort_file(name);
}

}  // namespace vedette::release
