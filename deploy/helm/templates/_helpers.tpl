{{- define "deckhand.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "deckhand.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "deckhand.labels" -}}
{{ include "deckhand.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "deckhand.image" -}}
{{- $repository := required "image.repository: name the image that you built, where the cluster pulls it from." .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{- define "deckhand.claim" -}}
{{- .Values.persistence.existingClaim | default (include "deckhand.name" .) -}}
{{- end -}}

{{- /* The configuration as it counts: what config says, over what a pod needs. As TOML, which keeps whole numbers whole. */ -}}
{{- define "deckhand.config" -}}
{{- $text := required "config: is the whole deckhand.toml: --set-file config=deckhand.toml." .Values.config -}}
{{- $said := fromToml $text -}}
{{- if hasKey $said "Error" -}}
{{- fail (printf "config: is not TOML: %s" $said.Error) -}}
{{- end -}}
{{- range list "slack" "metrics" "database" "audit" -}}
{{- if not (kindIs "map" (get $said . | default dict)) -}}
{{- fail (printf "config: %s is a table. Write it as [%s], with its keys below." . .) -}}
{{- end -}}
{{- end -}}
{{- $needed := dict "metrics" (dict "listen" "0.0.0.0:9797") -}}
{{- if eq (dig "slack" "mode" "socket" $said) "http" -}}
{{- $_ := set $needed "slack" (dict "listen" "0.0.0.0:3000") -}}
{{- end -}}
{{- mustMergeOverwrite $needed $said | toToml -}}
{{- end -}}

{{- define "deckhand.toml" -}}
deckhand.toml: |
  # Made by Helm of its value "config".
  {{- toToml . | trim | nindent 2 }}
{{- end -}}

{{- /* The port of an address: 0.0.0.0:9797, [::]:9797. */ -}}
{{- define "deckhand.port" -}}
{{- regexFind "[0-9]+$" . -}}
{{- end -}}

{{- /* The secrets that the bot needs, as JSON: the key in the Secret by the variable that names its file. */ -}}
{{- define "deckhand.secrets" -}}
{{- $secrets := dict "SLACK_BOT_TOKEN_FILE" "slack_bot_token" -}}
{{- if eq (dig "slack" "mode" "socket" .config) "http" -}}
{{- $_ := set $secrets "SLACK_SIGNING_SECRET_FILE" "slack_signing_secret" -}}
{{- else -}}
{{- $_ := set $secrets "SLACK_APP_TOKEN_FILE" "slack_app_token" -}}
{{- end -}}
{{- if eq .values.database "postgresql" -}}
{{- $_ := set $secrets "DECKHAND_DATABASE_URL_FILE" "database_url" -}}
{{- end -}}
{{- if .values.auditKey -}}
{{- $_ := set $secrets "DECKHAND_AUDIT_KEY_FILE" "audit_key" -}}
{{- end -}}
{{- toJson $secrets -}}
{{- end -}}

{{- define "deckhand.env" -}}
- name: DECKHAND_CONFIG
  value: /etc/deckhand/deckhand.toml
{{- range $variable, $key := .secrets }}
- name: {{ $variable }}
  value: /run/secrets/deckhand/{{ $key }}
{{- end }}
{{- with .values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* A volume of these secrets alone, readable by the bot's group. */ -}}
{{- define "deckhand.secretVolume" -}}
- name: secrets
  secret:
    secretName: {{ required "existingSecret: name a Secret with slack_bot_token and the others that values.yaml lists." .name }}
    defaultMode: 0440
    items:
      {{- range .secrets }}
      - key: {{ . }}
        path: {{ . }}
      {{- end }}
{{- end -}}

{{- define "deckhand.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "deckhand.containerSecurity" -}}
image: {{ include "deckhand.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
terminationMessagePolicy: FallbackToLogsOnError
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}
