#include "policy/worlds.h"

#include <algorithm>
#include <bitset>
#include <set>

namespace vedette::policy {

namespace {

// No name and no text has this form, so it is none of those that a condition mentions.
constexpr std::string_view kAnother = " ";

std::string said(Attribute attribute, std::string_view value) {
  return std::string(schema_of(attribute).path) + " is " + std::string(value);
}

// Which attributes occur, and with which constants.
struct Mentions {
  std::bitset<kAttributes> attributes;
  std::array<std::set<std::string_view>, kAttributes> names;
  std::array<std::set<std::int64_t>, kAttributes> numbers;

  void add(const Condition& comparison) {
    const auto place = static_cast<std::size_t>(comparison.attribute);
    attributes.set(place);
    names.at(place).insert(comparison.names.begin(), comparison.names.end());
    numbers.at(place).insert(comparison.numbers.begin(), comparison.numbers.end());
  }
  [[nodiscard]] bool has(Attribute attribute) const {
    return attributes.test(static_cast<std::size_t>(attribute));
  }
};

std::string number_words(const AttributeSchema& schema, std::int64_t number) {
  return schema.type == Type::duration ? write_duration(number) : std::to_string(number);
}

// Each constant, and one number for each gap between, below and above them.
std::vector<Cell> number_cells(const AttributeSchema& schema,
                               const std::set<std::int64_t>& constants) {
  std::vector<Cell> cells;
  const auto add = [&](std::int64_t number, const std::string& words) {
    cells.push_back({{true, number, {}}, said(schema.attribute, words)});
  };
  std::int64_t next = schema.least;  // the least number that no cell stands for yet
  bool is_first = true;
  for (const std::int64_t constant : constants) {
    const std::string words = number_words(schema, constant);
    if (next < constant)
      add(next,
          (is_first ? std::string() : "more than " + number_words(schema, next - 1) + " and ") +
              "less than " + words);
    add(constant, words);
    next = constant + 1;
    is_first = false;
  }
  if (constants.empty()) {
    add(next, "whatever it is");
  } else if (next <= schema.most) {
    add(next, "more than " + number_words(schema, next - 1));
  }
  return cells;
}

std::vector<Cell> choice_cells(const AttributeSchema& schema) {
  std::vector<Cell> cells;
  cells.reserve(schema.choices.size());
  for (std::size_t i = 0; i < schema.choices.size(); ++i)
    cells.push_back(
        {{true, static_cast<std::int64_t>(i), {}}, said(schema.attribute, schema.choices[i])});
  return cells;
}

std::vector<Cell> name_cells(Attribute attribute, const std::set<std::string_view>& names) {
  std::vector<Cell> cells;
  cells.reserve(names.size() + 1);
  for (const std::string_view name : names)
    cells.push_back({{true, 0, name}, said(attribute, name)});
  cells.push_back({{true, 0, kAnother}, said(attribute, names.empty() ? "any" : "any other")});
  return cells;
}

std::vector<Cell> flag_cells(Attribute attribute) {
  return {{{true, 0, {}}, said(attribute, "false")}, {{true, 1, {}}, said(attribute, "true")}};
}

std::string role_words(const Policy& policy, RoleSet roles) {
  std::string words;
  for (std::size_t i = 0; i < policy.roles().size(); ++i)
    if (((roles >> i) & 1U) != 0) words += (words.empty() ? "" : "+") + policy.roles()[i].name;
  return words.empty() ? " without a role" : " with the role " + words;
}

// Operators are told apart by name, and their roles follow from it.
std::vector<Cell> operator_cells(const Policy& policy, std::set<std::string_view> names) {
  for (const Role& role : policy.roles())
    names.insert(role.members.begin(), role.members.end());
  std::vector<Cell> cells = name_cells(Attribute::principal_name, names);
  for (Cell& cell : cells) {
    cell.roles = policy.roles_of(cell.fact.text);
    cell.words += role_words(policy, cell.roles);
  }
  return cells;
}

std::vector<Cell> cells_of(const AttributeSchema& schema, const Mentions& mentions) {
  const auto place = static_cast<std::size_t>(schema.attribute);
  switch (schema.type) {
    case Type::flag:
      return flag_cells(schema.attribute);
    case Type::number:
    case Type::duration:
      return number_cells(schema, mentions.numbers.at(place));
    case Type::name:
    case Type::text:
      return name_cells(schema.attribute, mentions.names.at(place));
    case Type::choice:
      return choice_cells(schema);
    case Type::roles:
      return {};
  }
  return {};
}

// The age of a verdict is known exactly when there is one.
bool is_possible(const Facts& facts, bool has_age) {
  if (!has_age) return true;
  const bool is_attested = facts[Attribute::context_attested].number != 0;
  return is_attested == facts[Attribute::context_attestation_age].known;
}

Mentions mentions_in(std::span<const Condition* const> conditions) {
  Mentions mentions;
  for (const Condition* condition : conditions)
    each_comparison(*condition, [&](const Condition& one) { mentions.add(one); });
  if (mentions.has(Attribute::context_attestation_age))
    mentions.attributes.set(static_cast<std::size_t>(Attribute::context_attested));
  return mentions;
}

std::vector<Dimension> dimensions_of(const Policy& policy, Principal principal, Action action,
                                     const Mentions& mentions) {
  std::vector<Dimension> dimensions;
  const bool by_operator =
      principal == Principal::operator_ &&
      (mentions.has(Attribute::principal_name) || mentions.has(Attribute::principal_roles));
  if (by_operator)
    dimensions.push_back({Attribute::principal_roles,
                          operator_cells(policy, mentions.names.at(static_cast<std::size_t>(
                                                     Attribute::principal_name)))});
  for (const AttributeSchema& schema : whole_schema()) {
    const Presence known = presence(schema.attribute, principal, action);
    if (!mentions.has(schema.attribute) || known == Presence::never) continue;
    if (schema.type == Type::roles ||
        (by_operator && schema.attribute == Attribute::principal_name))
      continue;  // above already
    Dimension dimension{schema.attribute, cells_of(schema, mentions)};
    if (known == Presence::sometimes)
      dimension.cells.push_back({{}, said(schema.attribute, "not known")});
    dimensions.push_back(std::move(dimension));
  }
  return dimensions;
}

}  // namespace

std::string World::words() const {
  std::string words;
  for (const Cell* cell : cells)
    words += (words.empty() ? "" : ", ") + cell->words;
  return words;
}

std::vector<const Condition*> conditions_of(const Policy& policy, Principal principal,
                                            Action action) {
  std::vector<const Condition*> conditions;
  for (const Rule& rule : policy.rules())
    if (rule.condition && holds(rule.principals, principal) && holds(rule.actions, action))
      conditions.push_back(&*rule.condition);
  return conditions;
}

Result<Worlds> Worlds::of(const Policy& policy, Principal principal, Action action,
                          std::span<const Condition* const> conditions, std::size_t most) {
  Worlds worlds;
  worlds.dimensions_ = dimensions_of(policy, principal, action, mentions_in(conditions));
  for (const Dimension& dimension : worlds.dimensions_) {
    worlds.has_age_ = worlds.has_age_ || dimension.attribute == Attribute::context_attestation_age;
    worlds.size_ *= dimension.cells.size();  // below 2^15 each, so this cannot overflow
    if (worlds.size_ > most)
      return refuse("POLICY-PROOF-SIZE", "there are too many cases to look at each",
                    "more than " + std::to_string(most) + " are left when a principal of kind " +
                        std::string(to_string(principal)) + " asks for " +
                        std::string(to_string(action)),
                    "compare with fewer constants, or ask about fewer things at once");
  }
  return worlds;
}

bool Worlds::all(const std::function<bool(const World&)>& visit) const {
  std::vector<std::size_t> at(dimensions_.size(), 0);
  World world;
  for (;;) {
    world.facts = Facts{};
    world.cells.clear();
    for (std::size_t i = 0; i < dimensions_.size(); ++i) {
      const Dimension& dimension = dimensions_[i];
      const Cell& cell = dimension.cells[at[i]];
      world.cells.push_back(&cell);
      const bool is_operator = dimension.attribute == Attribute::principal_roles;
      if (is_operator) world.facts.set_roles(cell.roles);
      world.facts.set(is_operator ? Attribute::principal_name : dimension.attribute, cell.fact);
    }
    if (is_possible(world.facts, has_age_) && !visit(world)) return false;
    std::size_t turned = 0;
    while (turned < at.size() && ++at[turned] == dimensions_[turned].cells.size())
      at[turned++] = 0;
    if (turned == at.size()) return true;
  }
}

}  // namespace vedette::policy
