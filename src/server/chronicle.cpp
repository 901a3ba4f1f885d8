#include "server/chronicle.h"

#include <utility>

namespace vedette::server {

using platform::UnitOfWork;

Result<void> Chronicle::enter(UnitOfWork& unit, const Matter& matter,
                              const std::optional<Error>& refusal) const {
  const ledger::Entry entry{
      .time = clock_.now(),
      .kind = matter.kind,
      .subject = matter.subject,
      .actor = matter.actor,
      .decision = refusal ? ledger::Decision::refused : ledger::Decision::accepted,
      .code = refusal ? refusal->code : std::string{},
      .rule = matter.rule,
      .details = matter.details};
  VEDETTE_TRY([[maybe_unused]] const std::uint64_t index, log_.record(unit.log(), entry));
  return {};
}

Result<void> Chronicle::seal(UnitOfWork& unit) const {
  unit.before_commit([this](UnitOfWork& all) -> Result<void> {
    VEDETTE_TRY([[maybe_unused]] const std::string checkpoint, log_.seal(all.log()));
    return {};
  });
  return {};
}

Result<void> Chronicle::decide(Matter matter, const MatterWork& work) {
  const Matter as_given = matter;
  const auto decided = store_.write([&](UnitOfWork& unit) -> Result<void> {
    matter = as_given;  // the store may run this again
    VEDETTE_CHECK(work(unit, matter));
    VEDETTE_CHECK(enter(unit, matter, matter.refusal));
    return seal(unit);
  });
  if (decided && matter.refusal) return std::unexpected(*std::move(matter.refusal));
  if (decided) return {};
  return std::unexpected(refuse_matter(matter, decided.error()));
}

Error Chronicle::refuse_matter(const Matter& matter, Error error) {
  const auto entered = store_.write([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_CHECK(enter(unit, matter, error));
    return seal(unit);
  });
  // The refusal stands even where it could not be written down; the caller learns of both.
  if (!entered)
    error.cause += (error.cause.empty() ? "" : "; ") + ("not logged: " + entered.error().code);
  return error;
}

}  // namespace vedette::server
