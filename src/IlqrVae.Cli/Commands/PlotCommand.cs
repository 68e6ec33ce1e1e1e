using System.CommandLine;
using System.Text.Json.Nodes;
using IlqrVae.Cli.Reports;
using IlqrVae.Reports.Drawing;
using IlqrVae.Reports.Kinds;
using IlqrVae.Reports.Panels;
using IlqrVae.Runs;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae plot</summary>
internal static class PlotCommand
{
    private const string Csv = ".csv";

    private static readonly string Description =
        $"""
        Draws pictures of a run or a dataset as a figure for print: SVG or PDF with text that is text, or PNG, as wide as a column (89 mm) or a page (183 mm) of a
        journal.

        {string.Join("\n", PanelKinds.All.Select(kind => $"  {kind.Name,-16}{kind.Help}"))}

        Example:
          ilqr-vae plot run rates -o rates.svg
          ilqr-vae plot run rates,inputs --trial "trial 3" -o trial.pdf --width page --columns 2
          ilqr-vae plot data.h5 raster -o raster.png --csv
        """;

    public static Command Create(Terminal terminal)
    {
        var source = new Argument<string>("RUN") { Description = "The folder of a run, its model.h5, or a dataset." };
        var kinds = new Argument<string>("KIND") { Description = "What to draw; several, separated by commas, make one figure." };
        var output = Arguments.Output("The file: .svg, .pdf or .png, or .csv for the numbers alone.", isRequired: true);
        var options = new ShowOptions();
        var trial = new Option<string?>("--trial") { Description = "The name of the trial; by default the one that tells most.", HelpName = "NAME" };
        var group = new Option<string?>("--group") { Description = "The channel group.", HelpName = "GROUP" };
        var happened = new Option<string?>("--event") { Description = "Of 'onsets' the event, a time that was noted of each trial; by default all that there are.", HelpName = "NAME" };
        var channels = new Option<string[]>("--channels") { Description = "Channels by name or number from 0, separated by commas; by default those that tell most.", HelpName = "NAME", AllowMultipleArgumentsPerToken = true };
        var width = new Option<string?>("--width") { Description = "How wide the figure is: 89 mm (column) or 183 mm (page).", HelpName = "column|page" };
        width.AcceptOnlyFromAmong("column", "page");
        var columns = Arguments.Number<int?>("--columns", "Pictures beside each other (1).", "N");
        var csv = new Option<bool>("--csv") { Description = "Write the numbers too, as a table beside the figure." };
        var force = Arguments.Force("Replace files of these names.");
        var json = Arguments.Json();
        return Arguments.Make("plot", Description, [source, kinds, output, .. options.All, trial, group, happened, channels, width, columns, csv, force, json], result =>
        {
            terminal.IsJson = result.GetValue(json);
            var wanted = result.GetValue(kinds)!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(PanelKinds.Of).ToList();
            if (wanted.Count == 0)
            {
                throw new InputException($"KIND: name what to draw, one of {string.Join(", ", PanelKinds.All.Select(kind => kind.Name))}.");
            }

            if (result.GetValue(columns) is < 1 or > 6)
            {
                throw new InputException("--columns: give a whole number from 1 to 6.");
            }

            string[] files = FilesOf(result.GetValue(output)!, result.GetValue(csv));
            foreach (var file in files)
            {
                Arguments.RequireFree(file, result.GetValue(force));
            }

            if (result.GetValue(happened) is not null && !wanted.Exists(kind => kind is EventPanels))
            {
                throw new InputException("--event: only 'onsets' is aligned to events; name that, or leave the option out.");
            }

            var request = new PanelRequest { Trial = result.GetValue(trial), Group = result.GetValue(group), Event = result.GetValue(happened), Channels = Arguments.NamesInOrder(result.GetValue(channels)) };
            var shown = Shown.Open(result.GetValue(source)!, result.GetValue(options.Data), options.Request(result), terminal);
            var made = terminal.Interruptible("drawing", () => wanted.Select(kind => kind.Make(shown, request)).ToList());
            var panels = made.SelectMany(one => one.Panels).ToList();
            if (panels.Count == 0)
            {
                throw new InputException(string.Join(" ", made.Select(one => one.Reason)));
            }

            terminal.Remarks(made.Select(one => one.Reason).Where(reason => reason.Length > 0));
            terminal.During("writing", () => Array.ForEach(
                files, file => Write(file, panels, string.Equals(result.GetValue(width), "page", StringComparison.Ordinal) ? Figure.PageWidth : Figure.ColumnWidth, result.GetValue(columns) ?? 1)));

            terminal.WriteJson(() => new JsonObject
            {
                ["files"] = Json.Texts(files),
                ["panels"] = new JsonArray([.. panels.Select(panel => (JsonNode)new JsonObject { ["kind"] = panel.Kind, ["title"] = panel.Title, ["caption"] = panel.Caption, ["description"] = panel.Description })]),
            });
            foreach (var panel in panels)
            {
                terminal.WriteLine($"{panel.Title}. {panel.Caption}");
            }

            terminal.WriteLine($"{(panels.Count == 1 ? "figure" : "figures")}: {string.Join(", ", files)}");
            return ExitCode.Done;
        });
    }

    private static string[] FilesOf(string output, bool withNumbers)
    {
        var ending = Path.GetExtension(output).ToLowerInvariant();
        if (ending != Csv && !Figure.Endings.Contains(ending, StringComparer.Ordinal))
        {
            throw new InputException($"{output}: a figure is {string.Join(", ", Figure.Endings)}, and numbers are {Csv}; end the name with one of these.");
        }

        return withNumbers && ending != Csv ? [output, Path.ChangeExtension(output, Csv)] : [output];
    }

    private static void Write(string file, IReadOnlyList<Panel> panels, double width, int columns)
    {
        if (Path.GetExtension(file).Equals(Csv, StringComparison.OrdinalIgnoreCase))
        {
            PanelCsv.Write(panels, file);
        }
        else
        {
            new Figure(panels, width, columns).Write(file);
        }
    }
}
