using System.Text.Json.Nodes;
using IlqrVae.Data.Import;
using IlqrVae.Runs;

namespace IlqrVae.Cli.Reports;

/// <summary>Says what is in a file that recordings are imported from.</summary>
internal static class ContentsReport
{
    private const int MostPauses = 5;

    public static void Write(string path, FileContents contents, Terminal terminal)
    {
        terminal.Remarks(contents.Remarks);
        terminal.WriteJson(() => ToJson(path, contents));
        terminal.WriteLine($"{path}: {contents.Format}");
        foreach (var (name, text) in contents.Facts)
        {
            terminal.WriteLine($"  {name}: {text}");
        }

        if (contents.Units is { } units)
        {
            var rates = units.Rates.Where(double.IsFinite).Order().ToList();
            terminal.WriteLine(
                $"  {units.Count} units in {units.Path}, {units.Spikes} spikes from {Seconds(units.First)} to {Seconds(units.Last)}"
                + (rates.Count > 0 ? $"; rates {Wording.Number(rates[0], "0.##")} to {Wording.Number(rates[^1], "0.##")} Hz, the middle one {Wording.Number(rates[rates.Count / 2], "0.##")} Hz" : ""));
            terminal.WriteLine($"  observed for {Wording.Duration(units.Seconds)}" + (units.Pauses.Count == 0 ? ", without a pause" : $", with {(units.Pauses.Count == 1 ? "a pause" : $"{units.Pauses.Count} pauses")}: "
                + string.Join(", ", units.Pauses.Take(MostPauses).Select(pause => $"{Seconds(pause.Start)} to {Seconds(pause.End)}")) + (units.Pauses.Count > MostPauses ? ", ..." : "")));
        }

        foreach (var table in contents.Tables)
        {
            terminal.WriteLine();
            terminal.WriteLine($"  table {table.Path}, {table.Rows} rows");
            terminal.WriteTable(
                ["column", "type", "holds", "first rows"],
                table.Columns.Select(column => (IReadOnlyList<string>)[column.Name, column.Type, column.Summary, string.Join(" | ", column.Examples)]));
        }

        if (contents.Series.Count > 0)
        {
            terminal.WriteLine();
            terminal.WriteTable(
                ["series", "kind", "shape", "type", "unit", "rate, Hz", "from", "to", "note"],
                contents.Series.Select(one => (IReadOnlyList<string>)
                [
                    one.Path, one.Kind, string.Join(" x ", one.Shape), one.Type, one.Unit, Wording.Number(one.Rate, "0.####"), Seconds(one.First), Seconds(one.Last), one.Note,
                ]));
        }

        if (contents.Proposal.Count > 0)
        {
            terminal.WriteLine();
            terminal.WriteLine("  to import it:");
            terminal.WriteLine($"  ilqr-vae {string.Join(' ', contents.Proposal.Select(Word))}");
        }
    }

    private static string Seconds(double seconds) => double.IsFinite(seconds) ? $"{Wording.Number(seconds, "0.###")} s" : "-";

    /// <summary>A word of a command line: those of the proposal are options, but for the file.</summary>
    private static string Word(string word) => word.StartsWith("--", StringComparison.Ordinal) || word == "-o" ? word : Wording.Quoted(word);

    private static JsonObject ToJson(string path, FileContents contents) => new()
    {
        ["file"] = path,
        ["kind"] = "recording",
        ["format"] = contents.Format,
        ["remarks"] = Json.Texts(contents.Remarks),
        ["facts"] = new JsonObject(contents.Facts.Select(fact => KeyValuePair.Create(fact.Name, (JsonNode?)JsonValue.Create(fact.Text)))),
        ["units"] = contents.Units is not { } units ? null : new JsonObject
        {
            ["path"] = units.Path,
            ["units"] = units.Count,
            ["spikes"] = units.Spikes,
            ["first"] = Json.Number(units.First),
            ["last"] = Json.Number(units.Last),
            ["seconds"] = Json.Number(units.Seconds),
            ["rates"] = new JsonArray([.. units.Rates.Select(rate => Json.Number(rate))]),
            ["pauses"] = new JsonArray([.. units.Pauses.Select(pause => (JsonNode)new JsonArray(Json.Number(pause.Start), Json.Number(pause.End)))]),
        },
        ["tables"] = new JsonArray([.. contents.Tables.Select(table => (JsonNode)new JsonObject
        {
            ["path"] = table.Path,
            ["rows"] = table.Rows,
            ["columns"] = new JsonArray([.. table.Columns.Select(column => (JsonNode)new JsonObject
            {
                ["name"] = column.Name, ["type"] = column.Type, ["holds"] = column.Summary, ["examples"] = Json.Texts(column.Examples),
            })]),
        })]),
        ["series"] = new JsonArray([.. contents.Series.Select(one => (JsonNode)new JsonObject
        {
            ["path"] = one.Path,
            ["kind"] = one.Kind,
            ["shape"] = new JsonArray([.. one.Shape.Select(length => (JsonNode)JsonValue.Create(length))]),
            ["type"] = one.Type,
            ["unit"] = one.Unit,
            ["rate"] = Json.Number(one.Rate),
            ["first"] = Json.Number(one.First),
            ["last"] = Json.Number(one.Last),
            ["note"] = one.Note,
        })]),
        ["import"] = Json.Texts(contents.Proposal),
    };
}
