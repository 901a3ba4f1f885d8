#include "server/admission.h"

#include <atomic>
#include <utility>

#include "server/answers.h"

namespace vedette::server {

struct Places::Count {
  std::size_t most = 0;
  std::atomic<std::size_t> taken = 0;
};

Places::Places(std::size_t most) : count_(std::make_shared<Count>()) {
  count_->most = most;
}

std::shared_ptr<const void> Places::take() {
  std::size_t taken = count_->taken;
  do {
    if (taken >= count_->most) return nullptr;
  } while (!count_->taken.compare_exchange_weak(taken, taken + 1));
  return {count_.get(), [count = count_](const void*) { count->taken.fetch_sub(1); }};
}

std::size_t Places::taken() const {
  return count_->taken;
}

Admission::Admission(platform::HttpHandler& inner, Places& places, std::vector<Route> routes)
    : inner_(inner), places_(places), bounded_(std::move(routes)) {
  std::erase_if(bounded_, [](const Route& route) { return !route.is_bounded; });
}

platform::Entry Admission::enter(const platform::Connection& connection,
                                 const platform::HttpRequest& request) {
  if (!find_route(bounded_, request.method, request.path()))
    return inner_.enter(connection, request);
  auto place = places_.take();
  if (place == nullptr)
    return {answer(Error{"EST-BUSY",
                         "more devices enrol or renew now than this server takes in",
                         {},
                         "come back after the seconds of Retry-After"}),
            nullptr};
  return {std::nullopt, std::move(place)};
}

platform::HttpResponse Admission::handle(const platform::Connection& connection,
                                         const platform::HttpRequest& request) {
  return inner_.handle(connection, request);
}

}  // namespace vedette::server
