#include "agent/news.h"

#include <utility>

namespace vedette::agent {

using codec::Json;

Json to_json(const News& news) {
  Json json;
  json.set("time", to_rfc3339(news.time)).set("phase", name_of(news.phase)).set("text", news.text);
  if (!news.error) return json;
  Json error;
  error.set("code", news.error->code).set("message", news.error->message);
  error.set("cause", news.error->cause).set("hint", news.error->hint);
  json.set("error", std::move(error));
  return json;
}

void NewsBoard::say(Phase phase, std::string text, std::optional<Error> error) {
  constexpr std::size_t kKept = 32;
  const News news{clock_.now(), phase, std::move(text), std::move(error)};
  if (listener_) listener_(news);
  const std::scoped_lock lock(mutex_);
  news_.push_back(news);
  if (news_.size() > kKept) news_.pop_front();
}

Json NewsBoard::recent() const {
  const std::scoped_lock lock(mutex_);
  Json::Array list;
  for (const News& news : news_)
    list.push_back(to_json(news));
  return list;
}

}  // namespace vedette::agent
