namespace IlqrVae.Cli;

/// <summary>What the error stream, where progress goes, can show.</summary>
internal sealed record Screen
{
    private const int UsualWidth = 80;

    /// <summary>A stream that lines are added to, as a file: what tests and logs have.</summary>
    public static Screen Plain { get; } = new();

    /// <summary>Whether a line can be written over.</summary>
    public bool IsLive { get; init; }

    /// <summary>Whether there are colours.</summary>
    public bool HasColours { get; init; }

    /// <summary>Whether it shows more than ASCII.</summary>
    public bool IsUnicode { get; init; }

    /// <summary>Its width in characters, asked anew for every line, since windows are resized.</summary>
    public Func<int> Width { get; init; } = () => UsualWidth;

    /// <summary>Time between lines where none can be written over. Nothing is silent for longer. With zero, all work is said once when it ends, however short.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>That of this process: of NO_COLOR (no-color.org) and TERM, and of where the stream goes.</summary>
    public static Screen OfConsole() => Of(Environment.GetEnvironmentVariable, Console.IsErrorRedirected, Console.Error.Encoding.WebName) with { Width = ConsoleWidth };

    /// <summary>The same of an environment.</summary>
    /// <param name="variable">Values of its variables.</param>
    /// <param name="isRedirected">Whether the error stream is no terminal.</param>
    /// <param name="encoding">The stream's encoding.</param>
    internal static Screen Of(Func<string, string?> variable, bool isRedirected, string encoding)
    {
        var isLive = !isRedirected && !string.Equals(variable("TERM"), "dumb", StringComparison.Ordinal);
        return new Screen
        {
            IsLive = isLive,
            HasColours = isLive && string.IsNullOrEmpty(variable("NO_COLOR")),
            IsUnicode = encoding.StartsWith("utf", StringComparison.OrdinalIgnoreCase),
        };
    }

    private static int ConsoleWidth()
    {
        try
        {
            return Console.WindowWidth is > 0 and var width ? width : UsualWidth;
        }
        catch (IOException)
        {
            return UsualWidth;
        }
    }
}
