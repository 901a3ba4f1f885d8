// Where and when a contract holds, and the golden pairs by which its model is known.
#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "release/contract_members.h"

namespace vedette::release {

namespace {

using codec::Json;

constexpr std::size_t kMaxRank = 8;
constexpr std::size_t kMaxWordShown = 64;

struct ValueRange {
  std::string_view datatype;
  double least;
  double most;
  bool whole;
};

// What a JSON number can say of each type: integers of 64 bits as far as everybody reads them
// exactly.
constexpr double kExact = 9'007'199'254'740'992;  // 2^53
constexpr std::array<ValueRange, 11> kValueRanges{
    {{"BOOL", 0, 1, true},
     {"INT8", -128, 127, true},
     {"INT16", -32'768, 32'767, true},
     {"INT32", -2'147'483'648., 2'147'483'647, true},
     {"INT64", -kExact, kExact, true},
     {"UINT8", 0, 255, true},
     {"UINT16", 0, 65'535, true},
     {"UINT32", 0, 4'294'967'295, true},
     {"UINT64", 0, kExact, true},
     {"FP32", -3.4028234663852886e38, 3.4028234663852886e38, false},
     {"FP64", -1.7976931348623157e308, 1.7976931348623157e308, false}}};

bool is_value(const ValueRange& range, double value) {
  return value >= range.least && value <= range.most &&
         (!range.whole || std::trunc(value) == value);
}

std::optional<std::uint64_t> elements_of(const std::vector<std::int64_t>& shape) {
  std::uint64_t elements = 1;
  for (const std::int64_t dimension : shape) {
    if (dimension < 0 || dimension > static_cast<std::int64_t>(kMaxGoldenValues))
      return std::nullopt;
    elements *= static_cast<std::uint64_t>(dimension);
    if (elements > kMaxGoldenValues) return std::nullopt;
  }
  return elements;
}

Result<GoldenTensor> read_golden_tensor(const Json& json, std::string place) {
  MemberReader fields(json, std::move(place));
  GoldenTensor tensor{.name = fields.required_text("name"),
                      .datatype = fields.required_text("datatype")};
  if (!is_tensor_name(tensor.name)) fields.refuse_member("name", "a tensor's name");
  const auto* range = std::ranges::find(kValueRanges, tensor.datatype, &ValueRange::datatype);
  if (range == kValueRanges.end())
    fields.refuse_member("datatype", "a type whose values have a spelling, such as FP32",
                         tensor.datatype.substr(0, kMaxWordShown));
  tensor.shape = fields.dimensions("shape", kMaxRank);
  tensor.values = fields.numbers("values", kMaxGoldenValues);
  if (elements_of(tensor.shape) != tensor.values.size())
    fields.refuse_member("values", "as many numbers as the shape says",
                         std::to_string(tensor.values.size()));
  if (range != kValueRanges.end())
    for (const double value : tensor.values)
      if (!is_value(*range, value))
        fields.refuse_member("values", "a list of values of its datatype", number_text(value));
  VEDETTE_CHECK(fields.finish());
  return tensor;
}

Result<std::vector<GoldenTensor>> read_side(MemberReader& fields, std::string_view name) {
  std::vector<GoldenTensor> tensors;
  std::set<std::string> names;
  for (const Json& json : fields.list(name, kMaxGoldenTensors)) {
    VEDETTE_TRY(GoldenTensor tensor, read_golden_tensor(json, fields.path(name, tensors.size())));
    if (!names.insert(tensor.name).second)
      fields.refuse_member(name, "a list of different tensors", tensor.name);
    tensors.push_back(std::move(tensor));
  }
  if (tensors.empty()) fields.refuse_member(name, "a list of at least one tensor");
  return tensors;
}

Result<GoldenPair> read_pair(const Json& json, std::string place) {
  MemberReader fields(json, std::move(place));
  GoldenPair pair{.tolerance = fields.number("tolerance").value_or(0)};
  if (pair.tolerance < 0) fields.refuse_member("tolerance", "no less than 0");
  VEDETTE_TRY(pair.inputs, read_side(fields, "inputs"));
  VEDETTE_TRY(pair.outputs, read_side(fields, "outputs"));
  VEDETTE_CHECK(fields.finish());
  return pair;
}

std::size_t values_in(const std::vector<GoldenPair>& pairs) {
  std::size_t count = 0;
  for (const GoldenPair& pair : pairs)
    for (const auto* side : {&pair.inputs, &pair.outputs})
      for (const GoldenTensor& tensor : *side)
        count += tensor.values.size();
  return count;
}

std::optional<TimePoint> read_time(MemberReader& fields, std::string_view name) {
  if (!fields.has(name)) return std::nullopt;
  const auto time = from_rfc3339(fields.text(name, ""));
  if (!time || std::chrono::floor<std::chrono::seconds>(*time) != *time) {
    fields.refuse_member(name, "a time in whole seconds, as 2027-01-31T00:00:00Z");
    return std::nullopt;
  }
  return *time;
}

Json write_golden_tensor(const GoldenTensor& tensor, bool whole) {
  Json json;
  json.set("name", tensor.name).set("datatype", tensor.datatype);
  json.set("shape", Json::Array(tensor.shape.begin(), tensor.shape.end()));
  Json::Array values;
  for (const double value : tensor.values)
    values.push_back(whole ? Json(static_cast<std::int64_t>(value)) : Json(value));
  json.set("values", std::move(values));
  return json;
}

Json write_side(const std::vector<GoldenTensor>& tensors) {
  Json::Array array;
  for (const GoldenTensor& tensor : tensors)
    array.push_back(write_golden_tensor(tensor, !tensor.datatype.starts_with("FP")));
  return array;
}

}  // namespace

Result<void> read_scope(MemberReader& fields, RuntimeContract& contract) {
  contract.valid_from = read_time(fields, "valid_from");
  contract.valid_until = read_time(fields, "valid_until");
  if (contract.valid_from && contract.valid_until && *contract.valid_from >= *contract.valid_until)
    fields.refuse_member("valid_until", "later than valid_from");
  contract.regions = fields.texts("regions", kMaxContractRegions);
  for (const std::string& region : contract.regions)
    if (!is_word(region))
      fields.refuse_member("regions", "a list of names", region.substr(0, kMaxWordShown));
  if (std::set(contract.regions.begin(), contract.regions.end()).size() != contract.regions.size())
    fields.refuse_member("regions", "a list of different names");
  for (const Json& json : fields.list("golden", kMaxGoldenPairs)) {
    VEDETTE_TRY(GoldenPair pair, read_pair(json, fields.path("golden", contract.golden.size())));
    contract.golden.push_back(std::move(pair));
  }
  if (values_in(contract.golden) > kMaxGoldenValues)
    fields.refuse_member("golden", "pairs of at most 4096 values in all",
                         std::to_string(values_in(contract.golden)));
  return {};
}

void write_scope(Json& json, const RuntimeContract& contract) {
  if (contract.valid_from) json.set("valid_from", to_rfc3339(*contract.valid_from));
  if (contract.valid_until) json.set("valid_until", to_rfc3339(*contract.valid_until));
  if (!contract.regions.empty())
    json.set("regions", Json::Array(contract.regions.begin(), contract.regions.end()));
  Json::Array pairs;
  for (const GoldenPair& pair : contract.golden)
    pairs.emplace_back(Json::Object{{"tolerance", pair.tolerance},
                                    {"inputs", write_side(pair.inputs)},
                                    {"outputs", write_side(pair.outputs)}});
  if (!pairs.empty()) json.set("golden", std::move(pairs));
}

std::string scope_text(const RuntimeContract& contract) {
  std::string text = "time: ";
  if (contract.valid_from) text += "from " + to_rfc3339(*contract.valid_from) + " ";
  text += contract.valid_until ? "until " + to_rfc3339(*contract.valid_until) + "\n"
                               : "without an end\n";
  text +=
      "regions: " + (contract.regions.empty() ? "everywhere" : "only " + joined(contract.regions)) +
      "\n";
  if (contract.golden.empty()) return text + "golden answers: none that it is tried by\n";
  return text + "golden answers: " + std::to_string(contract.golden.size()) +
         ", which every worker gives before it answers anybody\n";
}

}  // namespace vedette::release
