{{- /* What no schema can say: how values and the configuration go together. Each refusal says what to do. */ -}}
{{- define "deckhand.checks" -}}
{{- $config := .config -}}
{{- with .values -}}
{{- $http := eq (dig "slack" "mode" "socket" $config) "http" -}}
{{- if and (eq .database "sqlite") (gt (int .replicas) 1) -}}
{{- fail (printf "replicas: SQLite carries one bot, and this asks for %d. Write replicas: 1, or take database: postgresql." (int .replicas)) -}}
{{- end -}}
{{- if and (not $http) (gt (int .replicas) 9) -}}
{{- fail (printf "replicas: Slack gives an app ten connections in Socket Mode, and an upgrade needs one more than there are replicas. Write at most 9 instead of %d, or take HTTP mode." (int .replicas)) -}}
{{- end -}}
{{- $url := dig "database" "url" "" $config -}}
{{- if and (eq .database "postgresql") $url -}}
{{- fail "config: [database] url would stand in a ConfigMap. Take it out, and put the address into existingSecret as database_url." -}}
{{- end -}}
{{- if and $url (not (hasPrefix "sqlite:" $url)) -}}
{{- fail "config: [database] url is no SQLite. Take it out, write database: postgresql, and put the address into existingSecret as database_url." -}}
{{- end -}}
{{- include "deckhand.checkListen" (dict "table" "metrics" "port" "9797" "listen" $config.metrics.listen) -}}
{{- if $http -}}
{{- include "deckhand.checkListen" (dict "table" "slack" "port" "3000" "listen" $config.slack.listen) -}}
{{- end -}}
{{- if hasPrefix "sqlite:////" $url -}}
{{- include "deckhand.checkKept" (dict "key" "[database] url" "said" $url "path" (trimPrefix "sqlite:///" $url) "values" .) -}}
{{- end -}}
{{- if dig "audit" "archive_after" "" $config -}}
{{- $to := dig "audit" "archive_to" "" $config -}}
{{- include "deckhand.checkKept" (dict "key" "[audit] archive_to" "said" $to "path" $to "values" .) -}}
{{- end -}}
{{- range .extraEnv -}}
{{- if regexMatch "^(SLACK_(BOT_TOKEN|APP_TOKEN|SIGNING_SECRET)|DECKHAND_(DATABASE_URL|AUDIT_KEY|CONFIG))(_FILE)?$" .name -}}
{{- fail (printf "extraEnv: %s is the chart's own. Secrets are keys of existingSecret, which values.yaml lists." .name) -}}
{{- end -}}
{{- end -}}
{{- if and .serviceMonitor.enabled .networkPolicy.enabled (not .networkPolicy.metricsFrom) -}}
{{- fail "networkPolicy.metricsFrom: Prometheus could not reach the metrics. Name its pods or its namespace there." -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* Probes, Prometheus and Slack reach a pod by its own address. */ -}}
{{- define "deckhand.checkListen" -}}
{{- if or (not (regexMatch ":[1-9][0-9]*$" .listen)) (regexMatch "^(127\\.|localhost:|\\[::1\\])" .listen) -}}
{{- fail (printf "config: [%s] listen = %q is not reached from outside the pod. Leave it out, or write 0.0.0.0:%s." .table .listen .port) -}}
{{- end -}}
{{- end -}}

{{- /* The audit must lie where it outlives the pod. */ -}}
{{- define "deckhand.checkKept" -}}
{{- $kept := list -}}
{{- if eq .values.database "sqlite" -}}
{{- $kept = append $kept "/var/lib/deckhand" -}}
{{- end -}}
{{- range .values.extraVolumeMounts -}}
{{- $kept = append $kept (trimSuffix "/" .mountPath) -}}
{{- end -}}
{{- $path := printf "%s/" .path -}}
{{- $found := false -}}
{{- range $kept -}}
{{- if hasPrefix (printf "%s/" .) $path -}}
{{- $found = true -}}
{{- end -}}
{{- end -}}
{{- if not $found -}}
{{- fail (printf "config: %s = %q is on no volume that outlives the pod. Write an absolute path below one of extraVolumeMounts%s." .key .said (eq .values.database "sqlite" | ternary ", or below /var/lib/deckhand" "")) -}}
{{- end -}}
{{- end -}}
