#include "agent/serving.h"

#include <utility>

namespace vedette::agent {

Result<std::shared_ptr<ServedModel>> ServingTable::find(std::string_view name) const {
  const std::scoped_lock lock(mutex_);
  const auto found = models_.find(name);
  if (found == models_.end())
    return refuse("AGT-NO-MODEL", "no such model answers here", std::string(name.substr(0, 80)),
                  "it may still be on its way; see the status at /vedette/status");
  return found->second;
}

std::vector<std::shared_ptr<ServedModel>> ServingTable::all() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::shared_ptr<ServedModel>> models;
  models.reserve(models_.size());
  for (const auto& [name, model] : models_)
    models.push_back(model);
  return models;
}

void ServingTable::put(std::shared_ptr<ServedModel> model) {
  const std::scoped_lock lock(mutex_);
  models_.insert_or_assign(model->name.str(), std::move(model));
}

void ServingTable::clear() {
  const std::scoped_lock lock(mutex_);
  for (const auto& [name, model] : models_)
    model->worker->kill();
  models_.clear();
}

}  // namespace vedette::agent
