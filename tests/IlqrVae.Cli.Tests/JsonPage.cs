using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace IlqrVae.Cli.Tests;

/// <summary>docs/json.md against what commands print: every field is there with its type, and no other.</summary>
public sealed partial class JsonPage
{
    private static readonly List<Section> Sections = Read();

    [Fact]
    public void Every_command_with_json_prints_what_the_page_says()
    {
        using var line = new CommandLine();
        line.Write("lin.yaml", "data: lin.h5\nmodel: {states: 3, inputs: 2, dynamics: {kind: linear}, prior: {autoregressive: true}}\ntraining: {iterations: 2}\n");
        line.Write("sweep.yaml", "config: sweep-config.yaml\nkeys: {model.states: [2, 3]}\n");
        line.Write("sweep-config.yaml", "data: data.h5\nmodel: {states: 3, inputs: 2}\ntraining: {iterations: 2, validation-interval: 1, validation-share: 0.3}\n");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var command in (string[])
        [
            "simulate maze -o @/data.h5 --trials 10 --validation-trials 4 --test-trials 3 --bins 30 --channels 16 --conditions 3 --bin-width 0.01 --seed 2",
            "simulate linear -o @/lin.h5 --trials 4 --test-trials 2 --bins 20 --channels 5 --states 3",
            "config new @/data.h5 -o @/config.yaml", "config new @/data.h5",
            "config check @/config.yaml --set training.iterations=3",
            "train @/config.yaml -o @/run --set training.iterations=3 --set model.states=6 --set model.inputs=3",
            "train @/lin.yaml -o @/lin", "train --like @/lin -o @/again",
            "infer @/run --data @/data.h5 -o @/posterior.h5 --hide velocity",
            "inspect @/data.h5", "inspect @/run", "inspect @/posterior.h5",
            "export @/data.h5 -o @/data.npz", "import @/data.npz -o @/again.h5",
            "export @/data.h5 -o @/data.nwb", "inspect @/data.nwb",
            "join @/data.h5 @/again.h5 -o @/both.h5 --sessions a,b --shared velocity",
            "calibrate @/run --data @/data.h5 --hide velocity --forecast 4",
            "evaluate @/run --data @/data.h5",
            "evaluate @/run --data @/data.h5 --hide velocity held-out --coverage --iwae 4 --horizon 2,3 --baselines --shuffle --free-run 50 --onsets velocity --energy-at 0",
            "evaluate @/run --data @/data.h5 --hide velocity --decode velocity --coverage",
            "evaluate @/run --data @/data.h5 --forecast 4 --gap 5:8",
            "evaluate @/lin --data @/lin.h5",
            "compare @/run @/run", "compare @/run @/lin", "compare @/run --data @/data.h5 --report @/compared.html",
            "fit @/data.h5 -o @/fit --minutes 0.01", "sweep @/sweep.yaml",
            "report @/run --data @/data.h5 -o @/page.html", "plot @/run rates,learning --data @/data.h5 -o @/rates.svg",
            "nlb predict @/run --data @/data.h5 -o @/submission.h5", "nlb target @/data.h5 -o @/target.h5", "nlb score @/submission.h5 --target @/target.h5",
            "demo sparse -o @/demo --iterations 2",
        ])
        {
            Check(command, JsonNode.Parse(line.Must([.. command.Split(' '), "--json"]))!.AsObject(), seen);
        }

        // Bench is measured elsewhere (Benchmarks), with cases small enough for tests, and the self-test in SelfTests.
        var missing = Sections.SelectMany(section => section.Schemas.Select(schema => $"{schema} {section.Kind}")).Except(seen, StringComparer.Ordinal).ToList();
        Assert.Equal("ilqr-vae/bench/1, ilqr-vae/selftest/1", string.Join(", ", missing.Select(one => one.Trim())));
    }

    [Fact]
    public void Commands_that_print_results_have_the_option_and_a_section()
    {
        // Of these there are no results.
        string[] without = ["config schema", "config trust", "completions"];
        foreach (var (name, command) in CommandLine.Commands())
        {
            Assert.True(command.Options.Any(option => option.Name == "--json") != without.Contains(name, StringComparer.Ordinal), name);
            Assert.True(without.Contains(name, StringComparer.Ordinal) || Sections.Exists(section => section.Schemas.Contains($"ilqr-vae/{name.Replace(' ', '-')}/1", StringComparer.Ordinal)), name);
        }
    }

    internal static void Check(string command, JsonObject json, HashSet<string>? seen = null)
    {
        var schema = json["schema"]!.GetValue<string>();
        Assert.Equal("schema", json.First().Key);
        var there = Sections.Where(section => section.Schemas.Contains(schema, StringComparer.Ordinal)).ToList();
        var section = there.Find(one => one.Kind.Length == 0 || one.Kind == (string?)json["kind"]) ?? throw new InvalidOperationException($"{command}: no section for {schema}");
        seen?.Add($"{schema} {section.Kind}");
        var fields = section.Fields.Concat(section.Extends is { } other ? Sections.First(one => one.Schemas.Contains(other, StringComparer.Ordinal)).Fields : []).ToList();
        foreach (var (key, value) in json.Where(pair => pair.Key != "schema"))
        {
            Walk(command, [key], value, fields);
        }

        foreach (var field in fields.Where(field => !field.IsOptional && !Parents(field, json)))
        {
            Assert.Fail($"{command}: {string.Join('.', field.Path)} is not there");
        }
    }

    private static void Walk(string command, List<string> path, JsonNode? value, List<Field> fields)
    {
        var at = fields.Where(field => Fits(field.Path, path, isWhole: true)).ToList();
        if (at.Count > 0)
        {
            Assert.True(at.Exists(field => Fits(field.Type, value)), $"{command}: {string.Join('.', path)} is {value?.ToJsonString() ?? "null"}, not {at[0].Type}");
            return;
        }

        Assert.True(fields.Exists(field => Fits(field.Path, path, isWhole: false)), $"{command}: {string.Join('.', path)} is not on the page");
        switch (value)
        {
            case JsonObject inner:
                foreach (var (key, one) in inner)
                {
                    Walk(command, [.. path, key], one, fields);
                }

                break;
            case JsonArray list:
                foreach (var one in list)
                {
                    Walk(command, [.. path, "[]"], one, fields);
                }

                break;
            default:
                Assert.Fail($"{command}: {string.Join('.', path)} is no section");
                break;
        }
    }

    private static bool Fits(IReadOnlyList<string> pattern, List<string> path, bool isWhole)
        => (isWhole ? pattern.Count == path.Count : pattern.Count > path.Count) && path.Zip(pattern).All(pair => pair.Second == pair.First || (pair.Second == "*" && pair.First != "[]"));

    private static bool Fits(string type, JsonNode? value)
    {
        if (value is null)
        {
            return type.Contains("or null", StringComparison.Ordinal) && !type.StartsWith("list", StringComparison.Ordinal);
        }

        var word = type.Split(' ')[0];
        return word switch
        {
            "list" => value is JsonArray list && (!type.Contains(" of ", StringComparison.Ordinal)
                || list.All(one => one is null ? type.Contains("or null", StringComparison.Ordinal) : Fits(type[(type.IndexOf(" of ", StringComparison.Ordinal) + 4)..], one))),
            "object" => value is JsonObject,
            "text" => value.GetValueKind() == JsonValueKind.String,
            "flag" => value.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
            "whole" => value.GetValueKind() == JsonValueKind.Number && double.IsInteger(value.GetValue<double>()),
            "number" => value.GetValueKind() == JsonValueKind.Number,
            _ => throw new InvalidOperationException($"'{type}' is no type"),
        };
    }

    /// <summary>Whether a field is there wherever what it belongs to is.</summary>
    private static bool Parents(Field field, JsonNode? json, int depth = 0)
    {
        if (depth == field.Path.Count)
        {
            return true;
        }

        return field.Path[depth] switch
        {
            "*" => json is JsonObject any && any.All(pair => Parents(field, pair.Value, depth + 1)),
            "[]" => json is JsonArray list && list.All(one => Parents(field, one, depth + 1)),
            var key => json is JsonObject one && one.ContainsKey(key) && Parents(field, one[key], depth + 1),
        };
    }

    private static List<Section> Read()
    {
        var sections = new List<Section>();
        foreach (var line in File.ReadLines(DocsPage.PathOf("json.md")))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
            {
                var words = Code().Matches(line).Select(match => match.Groups["text"].Value).ToList();
                sections.Add(new Section([.. words.Where(word => word.StartsWith("ilqr-vae/", StringComparison.Ordinal))], words.Find(word => !word.Contains('/', StringComparison.Ordinal)) ?? ""));
            }
            else if (line.StartsWith("Everything of `", StringComparison.Ordinal))
            {
                sections[^1].Extends = Code().Match(line).Groups["text"].Value;
            }
            else if (line.StartsWith("| `", StringComparison.Ordinal))
            {
                var cells = line.Split('|', StringSplitOptions.TrimEntries);
                Assert.Equal(6, cells.Length);
                Assert.NotEmpty(cells[4]);
                foreach (Match name in Code().Matches(cells[1]))
                {
                    sections[^1].Fields.Add(new Field([.. name.Groups["text"].Value.Replace("[]", ".[]", StringComparison.Ordinal).Split('.')], cells[2].Replace(", optional", "", StringComparison.Ordinal), cells[2].EndsWith(", optional", StringComparison.Ordinal)));
                }
            }
        }

        return sections;
    }

    [GeneratedRegex("`(?<text>[^`]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Code();

    private sealed record Field(IReadOnlyList<string> Path, string Type, bool IsOptional);

    private sealed record Section(IReadOnlyList<string> Schemas, string Kind)
    {
        public List<Field> Fields { get; } = [];

        public string? Extends { get; set; }
    }
}
