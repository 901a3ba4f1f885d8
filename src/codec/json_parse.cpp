// The lexer and grammar are nlohmann's, which keeps no recursion; what is kept, and how much of it,
// is decided here.
#include <algorithm>
#include <limits>
#include <vector>

#include <nlohmann/json.hpp>

#include "codec/json.h"

namespace vedette::codec {
namespace {

using Library = nlohmann::json;

// Json destroys and prints itself by recursion: this depth fits every stack.
constexpr std::size_t kDeepest = 256;
constexpr int kNumberOverflow = 406;  // nlohmann's out_of_range.406

// nlohmann's own words, which tell line and column, without its prefix `[...] ` and without the
// offending text, which may be no UTF-8.
std::string reason_of(const nlohmann::detail::exception& error) {
  std::string_view words = error.what();
  if (const auto prefix = words.find("] "); prefix != std::string_view::npos)
    words.remove_prefix(prefix + 2);
  return std::string(words.substr(0, words.find("; last read")));
}

// Sorting is bounded by n log n whatever names an attacker chooses; a hash table is not.
const std::string* repeated_name(const Json::Object& members) {
  std::vector<const std::string*> names;
  names.reserve(members.size());
  for (const auto& member : members)
    names.push_back(&member.first);
  const auto text = [](const std::string* name) -> const std::string& { return *name; };
  std::ranges::sort(names, {}, text);
  const auto repeated = std::ranges::adjacent_find(names, {}, text);
  return repeated == names.end() ? nullptr : *repeated;
}

// Builds the value from events; holds the open arrays and objects, outermost first.
class Builder final : public nlohmann::json_sax<Library> {
 public:
  explicit Builder(const JsonLimits& limits) : limits_(limits) {}

  bool null() override { return add(Json()); }
  bool boolean(bool value) override { return add(Json(value)); }
  bool number_integer(number_integer_t value) override { return add(Json(std::int64_t{value})); }
  bool number_unsigned(number_unsigned_t value) override;
  bool number_float(number_float_t value, const string_t& digits) override;
  bool string(string_t& value) override;
  bool binary(binary_t& /*value*/) override { return false; }  // no such event from text
  bool start_object(std::size_t /*count*/) override { return open(true); }
  bool start_array(std::size_t /*count*/) override { return open(false); }
  bool key(string_t& name) override;
  bool end_object() override;
  bool end_array() override;
  bool parse_error(std::size_t position, const std::string& token,
                   const nlohmann::detail::exception& error) override;

  [[nodiscard]] Result<Json> finish(bool accepted);

 private:
  struct Open {
    bool is_object = false;
    Json::Array elements;
    Json::Object members;
    std::string name;  // of the member whose value comes next
  };

  bool count();
  bool add(Json value) { return count() && place(std::move(value)); }
  bool place(Json value);
  bool open(bool is_object);
  bool fail(std::string_view code, std::string message, std::string cause = {});

  JsonLimits limits_;
  std::vector<Open> open_;
  std::size_t values_ = 0;
  Json root_;
  Error error_;
};

bool Builder::fail(std::string_view code, std::string message, std::string cause) {
  error_ = Error{std::string(code), std::move(message), std::move(cause), {}};
  return false;
}

bool Builder::count() {
  if (++values_ <= limits_.max_values) return true;
  return fail("JSON-SIZE", "the JSON text has too many values",
              "more than " + std::to_string(limits_.max_values));
}

bool Builder::place(Json value) {
  if (open_.empty())
    root_ = std::move(value);
  else if (Open& inner = open_.back(); inner.is_object)
    inner.members.emplace_back(std::move(inner.name), std::move(value));
  else
    inner.elements.push_back(std::move(value));
  return true;
}

bool Builder::open(bool is_object) {
  const std::size_t deepest = std::min(limits_.max_depth, kDeepest);
  if (open_.size() >= deepest)
    return fail("JSON-DEPTH", "the JSON text is nested too deeply",
                "more than " + std::to_string(deepest) + " levels");
  if (!count()) return false;
  open_.emplace_back().is_object = is_object;
  return true;
}

// The lexer goes on filling the buffer that a value is handed over in: where copying is cheap, it
// keeps it and need not grow another.
bool Builder::string(string_t& value) {
  constexpr std::size_t kCheap = 4096;
  if (value.size() <= kCheap) return add(Json(std::string_view(value)));
  return add(Json(std::move(value)));
}

bool Builder::key(string_t& name) {
  open_.back().name = name;
  return true;
}

bool Builder::end_object() {
  Json::Object members = std::move(open_.back().members);
  open_.pop_back();
  if (const std::string* name = repeated_name(members); name != nullptr)
    return fail("JSON-DUPLICATE", "a JSON object has two members of one name",
                "'" + name->substr(0, 80) + "'");
  return place(Json(std::move(members)));
}

bool Builder::end_array() {
  Json::Array elements = std::move(open_.back().elements);
  open_.pop_back();
  return place(Json(std::move(elements)));
}

bool Builder::number_unsigned(number_unsigned_t value) {
  if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max()))
    return fail("JSON-NUMBER", "an integer is too large", std::to_string(value));
  return add(Json(std::uint64_t{value}));
}

bool Builder::number_float(number_float_t value, const string_t& digits) {
  // The library falls back to a double for integers beyond 64 bits.
  if (digits.find_first_not_of("-0123456789") == std::string::npos)
    return fail("JSON-NUMBER", "an integer is too large", digits.substr(0, 80));
  return add(Json(double{value}));
}

bool Builder::parse_error(std::size_t position, const std::string& /*token*/,
                          const nlohmann::detail::exception& error) {
  if (error.id == kNumberOverflow)
    return fail("JSON-NUMBER", "a number is too large", "at octet " + std::to_string(position));
  return fail("JSON-SYNTAX", "not valid JSON", reason_of(error));
}

Result<Json> Builder::finish(bool accepted) {
  if (!accepted) return std::unexpected(std::move(error_));
  return std::move(root_);
}

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes)
    return refuse("JSON-SIZE", "the JSON text is too long",
                  std::to_string(text.size()) + " octets, at most " +
                      std::to_string(limits.max_bytes) + " are allowed");
  // The library skips the one (RFC 8259, 8.1 lets a parser refuse it) and takes the other for the
  // end of the text, whatever follows.
  if (text.starts_with("\xEF\xBB\xBF"))
    return refuse("JSON-SYNTAX", "not valid JSON", "a byte order mark");
  if (const auto at = text.find('\0'); at != std::string_view::npos)
    return refuse("JSON-SYNTAX", "not valid JSON", "an octet 0 at " + std::to_string(at));
  Builder builder(limits);
  return builder.finish(Library::sax_parse(text.begin(), text.end(), &builder));
}

}  // namespace vedette::codec
