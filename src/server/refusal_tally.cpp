#include "server/refusal_tally.h"

namespace vedette::server {

std::optional<RefusalTally::Summary> RefusalTally::due(TimePoint now) {
  const std::scoped_lock lock(mutex_);
  if (now >= from_ && now - from_ < kInterval) return std::nullopt;
  const Summary over{counted_, from_, now};
  from_ = now;
  lines_ = 0;
  counted_ = 0;
  if (over.count == 0) return std::nullopt;
  return over;
}

bool RefusalTally::has_own_line() {
  const std::scoped_lock lock(mutex_);
  const bool own = lines_ < kOwnLines;
  ++(own ? lines_ : counted_);
  return own;
}

}  // namespace vedette::server
