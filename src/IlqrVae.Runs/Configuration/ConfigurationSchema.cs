using System.Globalization;
using System.Text.Json.Nodes;
using IlqrVae.Models.Kinds;
using IlqrVae.Training.Hiding;

namespace IlqrVae.Runs.Configuration;

/// <summary>
/// A JSON Schema (draft 2020-12) of configurations, by which editors complete and check them: made of the lists that the reader follows. It is a little stricter
/// than the reader, which takes a number in quotes for a number.
/// </summary>
public static class ConfigurationSchema
{
    private const string Dialect = "https://json-schema.org/draft/2020-12/schema";

    /// <summary>Makes the schema.</summary>
    /// <param name="kinds">The kinds of model parts there are, those of extensions included.</param>
    public static JsonObject Of(ModelKinds kinds)
    {
        ArgumentNullException.ThrowIfNull(kinds);
        var defaults = new RunConfiguration();
        var schema = Section("", kinds, defaults);
        schema.Insert(0, "$schema", Dialect);
        schema.Insert(1, "title", "Configuration of a training with ilqr-vae");
        schema["type"] = "object";
        schema["required"] = Json.Texts(["data"]);
        return schema;
    }

    private static JsonObject Section(string path, ModelKinds kinds, RunConfiguration defaults)
    {
        if (path == ModelSections.Dynamics.Path)
        {
            return Part(ModelSections.Dynamics.Meaning, ModelSections.Dynamics.KindsAmong(kinds), defaults.Model.Dynamics.Kind, kinds);
        }

        if (path == ModelSections.Prior.Path)
        {
            return Part(ModelSections.Prior.Meaning, ModelSections.Prior.KindsAmong(kinds), defaults.Model.Prior.Kind, kinds);
        }

        var properties = new JsonObject();
        foreach (var setting in Settings.All.Where(setting => setting.Section == path))
        {
            properties[setting.Key] = Value(setting, setting.Path == "data" ? null : setting.Write(defaults));
        }

        var prefix = path.Length == 0 ? "" : path + ".";
        foreach (var (inner, _) in Settings.Sections.Where(one => one.Path.Length > prefix.Length && one.Path.StartsWith(prefix, StringComparison.Ordinal) && !one.Path[prefix.Length..].Contains('.', StringComparison.Ordinal)))
        {
            properties[inner[prefix.Length..]] = Section(inner, kinds, defaults);
        }

        if (path == "model")
        {
            properties["likelihoods"] = Entries(
                "One entry for each channel group to explain; left out, every group is explained.", [.. kinds.Likelihoods.Select(kind => OfKind(kind, kinds, isNamed: true, named: ModelSections.Group)), AnyLikelihood(kinds)]);
        }

        if (path == "training")
        {
            properties["hide"] = Entries(
                "Rules by which observations are hidden from inference while learning, drawn anew at every turn of a trial; they add up.", HidingRule.Kinds.Select(kind => OfKind(kind, kinds, isNamed: true)));
        }

        return new JsonObject
        {
            ["description"] = Settings.Sections.First(one => one.Path == path).Meaning,
            ["type"] = Json.Texts(["object", "null"]),
            ["properties"] = properties,
            ["additionalProperties"] = false,
        };
    }

    private static JsonObject Entries(string meaning, IEnumerable<JsonObject> kinds) => new()
    {
        ["description"] = meaning,
        ["type"] = Json.Texts(["array", "null"]),
        ["items"] = new JsonObject { ["type"] = "object", ["anyOf"] = new JsonArray([.. kinds]) },
    };

    /// <summary>A section with a kind; without one it is the default.</summary>
    private static JsonObject Part<TPart>(string meaning, IReadOnlyList<TPart> there, string standard, ModelKinds kinds)
        where TPart : PartSpecification<TPart>
        => new()
        {
            ["description"] = meaning,
            ["anyOf"] = new JsonArray([new JsonObject { ["type"] = "null" }, .. there.Select(kind => OfKind(kind, kinds, isNamed: kind.Kind != standard))]),
        };

    private static JsonObject OfKind<TPart>(TPart kind, ModelKinds kinds, bool isNamed, string? named = null)
        where TPart : PartSpecification<TPart>
    {
        var properties = new JsonObject { [ModelSections.Kind] = new JsonObject { ["const"] = kind.Kind, ["description"] = $"{kind.Kind}: {kind.Meaning}." } };
        if (named is not null)
        {
            properties.Insert(0, named, GroupName());
        }

        foreach (var setting in kind.SettingsAmong(kinds))
        {
            properties[setting.Key] = Value(setting, setting.Write(kind));
        }

        return new JsonObject
        {
            ["title"] = kind.Kind,
            ["type"] = "object",
            ["properties"] = properties,
            ["required"] = Json.Texts([.. named is null ? [] : new[] { named }, .. isNamed ? new[] { ModelSections.Kind } : []]),
            ["additionalProperties"] = false,
        };
    }

    /// <summary>An entry without a kind follows its group, and may have the keys of any.</summary>
    private static JsonObject AnyLikelihood(ModelKinds kinds)
    {
        var properties = new JsonObject { [ModelSections.Group] = GroupName() };
        foreach (var setting in kinds.Likelihoods.SelectMany(kind => kind.SettingsAmong(kinds).Select(setting => (setting, Default: setting.Write(kind)))).DistinctBy(one => one.setting.Key, StringComparer.Ordinal))
        {
            properties[setting.setting.Key] = Value(setting.setting, setting.Default);
        }

        return new JsonObject
        {
            ["title"] = "of the kind that fits the group",
            ["type"] = "object",
            ["properties"] = properties,
            ["required"] = Json.Texts([ModelSections.Group]),
            ["additionalProperties"] = false,
        };
    }

    private static JsonObject GroupName() => new() { ["description"] = "The channel group of the dataset that this entry explains.", ["type"] = "string", ["pattern"] = "\\S" };

    private static JsonObject Value<TOwner>(Setting<TOwner> setting, string? standard)
        where TOwner : class
    {
        var json = new JsonObject { ["description"] = $"{setting.Meaning} Give {setting.Allowed}." };
        if (Default(setting.Values.Type, standard) is { } value)
        {
            json["default"] = value;
        }

        var (values, words) = (setting.Values, setting.Values.Words);
        switch (values.Type)
        {
            case SettingType.Flag:
                json["type"] = "boolean";
                break;
            case SettingType.Text when words.Count > 0:
                json["enum"] = Json.Texts(words);
                break;
            case SettingType.Text:
                json["type"] = "string";
                if (!values.MayBeEmpty)
                {
                    json["pattern"] = "\\S";
                }

                break;
            case SettingType.Texts:
                json["anyOf"] = new JsonArray(
                    new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "string" } }, new JsonObject { ["type"] = "string", ["minLength"] = 1 });
                break;
            default:
                if (words.Count == 0)
                {
                    AddNumber(json, values);
                }
                else
                {
                    var number = new JsonObject();
                    AddNumber(number, values);
                    json["anyOf"] = new JsonArray(number, new JsonObject { ["enum"] = Json.Texts(words) });
                }

                break;
        }

        return json;
    }

    private static void AddNumber(JsonObject json, SettingValues values)
    {
        var range = values.Range;
        json["type"] = values.Type == SettingType.Whole ? "integer" : "number";
        if (double.IsFinite(range.Least))
        {
            json[range.HasLeast ? "minimum" : "exclusiveMinimum"] = JsonValue.Create((decimal)range.Least);
        }

        // The largest numbers that the program can hold would tell nobody anything.
        if (double.IsFinite(range.Most) && range.Most < int.MaxValue)
        {
            json[range.HasMost ? "maximum" : "exclusiveMaximum"] = JsonValue.Create((decimal)range.Most);
        }
    }

    private static JsonNode? Default(SettingType type, string? text) => text is null ? null : type switch
    {
        SettingType.Flag => JsonValue.Create(text == "true"),
        SettingType.Whole => JsonValue.Create(long.Parse(text, CultureInfo.InvariantCulture)),
        SettingType.Number when decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
        SettingType.Texts => JsonNode.Parse(text),
        _ => JsonValue.Create(text.StartsWith('"') ? JsonNode.Parse(text)!.GetValue<string>() : text),
    };
}
