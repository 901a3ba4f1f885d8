// MemberReader: typed values out of one object that somebody wrote.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "codec/json.h"

namespace vedette::release {

// What is read, as refusals name it.
struct MemberOwner {
  std::string_view code = "REL-CONTRACT";
  std::string_view noun = "contract";
};

// Remembers which members were asked for and keeps the first refusal; finish() tells it. Every
// refusal has the owner's code and names the member with its place, e.g. `inputs[0].shape`.
class MemberReader {
 public:
  // `object` outlives this; `place` is empty for the outermost one.
  MemberReader(const codec::Json& object, std::string place, const MemberOwner& owner = {});

  // The value, or `fallback` when it is absent.
  [[nodiscard]] std::uint64_t count(std::string_view name, std::uint64_t fallback,
                                    std::uint64_t least, std::uint64_t most);
  [[nodiscard]] bool flag(std::string_view name, bool fallback);
  [[nodiscard]] std::string text(std::string_view name, std::string_view fallback);
  // A number that every reader holds exactly: finite, a whole one within +-2^53.
  [[nodiscard]] std::optional<double> number(std::string_view name);

  // Must be there.
  [[nodiscard]] std::uint64_t required_count(std::string_view name, std::uint64_t least,
                                             std::uint64_t most);
  [[nodiscard]] std::string required_text(std::string_view name);

  [[nodiscard]] bool has(std::string_view name) const { return object_.find(name) != nullptr; }
  // The elements; empty when it is absent, or has more than `most`.
  [[nodiscard]] const codec::Json::Array& list(std::string_view name, std::size_t most);
  [[nodiscard]] std::vector<std::string> texts(std::string_view name, std::size_t most);
  [[nodiscard]] std::vector<double> numbers(std::string_view name, std::size_t most);
  [[nodiscard]] std::vector<std::int64_t> dimensions(std::string_view name, std::size_t most);
  // null when it is absent; whoever reads it says that it is no object.
  [[nodiscard]] const codec::Json* section(std::string_view name) { return find(name); }

  // `place.name`, and `place.name[index]`.
  [[nodiscard]] std::string path(std::string_view name) const;
  [[nodiscard]] std::string path(std::string_view name, std::size_t index) const;

  void refuse_member(std::string_view name, std::string_view wanted, std::string cause = {});
  // The first refusal; or that of a member that nothing asked for.
  [[nodiscard]] Result<void> finish() const;

 private:
  const codec::Json* find(std::string_view name);
  void keep(std::unexpected<Error> refusal);

  const codec::Json& object_;
  std::string place_;
  const MemberOwner owner_;
  std::set<std::string, std::less<>> asked_;
  Result<void> first_;
};

}  // namespace vedette::release
