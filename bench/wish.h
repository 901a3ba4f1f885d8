// What a benchmark is asked for: [-o json] [section]...
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace vedette::bench {

template <class Section>
struct Wish {
  bool json = false;
  std::vector<const Section*> sections;  // of those known, in the order asked for; none asked: all
};

// Borrows from `known`, whose elements have a `name`. Refuses BENCH-USAGE.
template <class Section>
Result<Wish<Section>> parse_wish(std::span<char* const> arguments, std::span<const Section> known) {
  Wish<Section> wish;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    if (word == "-o" && i + 1 < arguments.size() && arguments[i + 1] == std::string_view("json")) {
      wish.json = true;
      ++i;
      continue;
    }
    const Section* found = nullptr;
    for (const Section& section : known)
      if (section.name == word) found = &section;
    if (found == nullptr)
      return refuse("BENCH-USAGE", "there is no such section", std::string(word));
    wish.sections.push_back(found);
  }
  if (wish.sections.empty())
    for (const Section& section : known)
      wish.sections.push_back(&section);
  return wish;
}

}  // namespace vedette::bench
