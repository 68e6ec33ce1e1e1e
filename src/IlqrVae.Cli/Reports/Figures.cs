using IlqrVae.Reports;
using IlqrVae.Reports.Drawing;
using IlqrVae.Reports.Kinds;
using IlqrVae.Reports.Panels;

namespace IlqrVae.Cli.Reports;

/// <summary>The figures that <c>evaluate --figures</c> and the demonstrations leave behind: those that say most of a run, as PNG files a page wide.</summary>
internal static class Figures
{
    /// <summary>The files that <see cref="Write"/> may write.</summary>
    public static IReadOnlyList<string> Names { get; } = ["loss.png", "trial.png", "found.png", "onsets.png"];

    /// <summary>Draws the learning curve, an example trial and what was found.</summary>
    /// <param name="folder">Where to put the files.</param>
    /// <param name="source">The run.</param>
    /// <param name="onsets">The group of velocities around whose onsets inputs are shown; null for none.</param>
    /// <returns>The files written.</returns>
    public static IReadOnlyList<string> Write(string folder, ReportSource source, string? onsets = null)
    {
        IReadOnlyList<Panel> Of(IPanelKind kind, string? group = null) => kind.Make(source, new PanelRequest { Group = group }).Panels;
        var (rates, inputs) = (Of(new RatePanels()), Of(new InputPanels()));
        var files = new List<string>();
        void Add(string name, int columns, params IEnumerable<Panel>[] panels)
        {
            var all = panels.SelectMany(one => one).ToList();
            if (all.Count > 0)
            {
                var path = Path.Combine(folder, name);
                new Figure(all, Figure.PageWidth, Math.Min(columns, all.Count)).Write(path);
                files.Add(path);
            }
        }

        Add(Names[0], 2, Of(new LearningPanels()));
        Add(Names[1], 3, rates, Of(new BehaviourPanels()), Of(new StatePanels()), inputs);
        List<Panel> best = [.. Of(new RasterPanels()).Take(1), .. Of(new LatentPanels()).TakeLast(1), .. rates.Take(2)];
        Add(Names[2], 2, best, inputs.Take(2 + (best.Count % 2)));
        if (onsets is not null)
        {
            Add(Names[3], 2, Of(new EventPanels(), onsets));
        }

        return files;
    }
}
