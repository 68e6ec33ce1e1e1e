namespace IlqrVae.Recordings;

/// <summary>
/// Numbers of trials x bins x columns that are read a trial at a time, so that they need not be in memory together: rates or spikes of neurons, coordinates of a
/// hand. A number that is missing is NaN.
/// </summary>
public sealed class TrialArray
{
    private readonly ReadTrial _read;
    private readonly Func<int, (TrialArray Part, int Column)>? _part;

    /// <summary>Numbers that come from somewhere.</summary>
    /// <param name="name">What to call them in messages, such as a file with the path of the table.</param>
    /// <param name="trials">Number of trials.</param>
    /// <param name="bins">Bins a trial.</param>
    /// <param name="columns">Numbers a bin.</param>
    /// <param name="read">Reads a trial.</param>
    public TrialArray(string name, int trials, int bins, int columns, ReadTrial read)
        : this(name, trials, bins, columns, read, null)
    {
    }

    private TrialArray(string name, int trials, int bins, int columns, ReadTrial read, Func<int, (TrialArray Part, int Column)>? part)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(trials);
        ArgumentOutOfRangeException.ThrowIfNegative(bins);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        (Name, Trials, Bins, Columns, _read, _part) = (name, trials, bins, columns, read, part);
    }

    /// <summary>Fills bins x columns of one trial, row-major.</summary>
    /// <param name="trial">The trial.</param>
    /// <param name="destination">Room for bins x columns, exactly.</param>
    public delegate void ReadTrial(int trial, Span<double> destination);

    /// <summary>What to call them in messages.</summary>
    public string Name { get; }

    /// <summary>Number of trials.</summary>
    public int Trials { get; }

    /// <summary>Bins a trial.</summary>
    public int Bins { get; }

    /// <summary>Numbers a bin.</summary>
    public int Columns { get; }

    /// <summary>The shape in words, "10 x 30 x 4".</summary>
    public string Shape => $"{Trials} x {Bins} x {Columns}";

    /// <summary>Numbers in memory.</summary>
    /// <param name="name">What to call them in messages.</param>
    /// <param name="trials">Number of trials.</param>
    /// <param name="bins">Bins a trial.</param>
    /// <param name="columns">Numbers a bin.</param>
    /// <param name="values">All of them, trial by trial and row-major.</param>
    /// <exception cref="ArgumentException">There are more or fewer than the shape says.</exception>
    public static TrialArray Of(string name, int trials, int bins, int columns, double[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return values.Length == (long)trials * bins * columns
            ? new TrialArray(name, trials, bins, columns, (trial, destination) => values.AsSpan(trial * bins * columns, bins * columns).CopyTo(destination))
            : throw new ArgumentException($"{values.Length} numbers do not fill {trials} trials x {bins} bins x {columns} columns.", nameof(values));
    }

    /// <summary>The columns of two beside each other.</summary>
    /// <param name="left">The first columns.</param>
    /// <param name="right">The columns after them.</param>
    /// <exception cref="InputException">They differ in trials or bins.</exception>
    public static TrialArray Beside(TrialArray left, TrialArray right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        if (left.Trials != right.Trials || left.Bins != right.Bins)
        {
            throw new InputException(
                $"{left.Name} has the shape {left.Shape} and {right.Name} {right.Shape}; both need the same trials and bins.");
        }

        var columns = left.Columns + right.Columns;
        var (a, b) = (new double[left.Bins * left.Columns], new double[right.Bins * right.Columns]);
        return new TrialArray($"{left.Name} beside {right.Name}", left.Trials, left.Bins, columns, Read, column => column < left.Columns ? (left, column) : (right, column - left.Columns));

        void Read(int trial, Span<double> destination)
        {
            left.Read(trial, a);
            right.Read(trial, b);
            for (var bin = 0; bin < left.Bins; bin++)
            {
                var row = destination.Slice(bin * columns, columns);
                a.AsSpan(bin * left.Columns, left.Columns).CopyTo(row);
                b.AsSpan(bin * right.Columns, right.Columns).CopyTo(row[left.Columns..]);
            }
        }
    }

    /// <summary>Reads a trial. Not to be called from several threads.</summary>
    /// <param name="trial">The trial, from 0.</param>
    /// <param name="destination">Room for bins x columns, exactly; row-major.</param>
    public void Read(int trial, Span<double> destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)trial, (uint)Trials, nameof(trial));
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length, Bins * Columns, nameof(destination));
        _read(trial, destination);
    }

    /// <summary>Where one number stands, in words.</summary>
    /// <param name="trial">The trial.</param>
    /// <param name="entry">Its place in the trial, row-major.</param>
    public string Place(int trial, int entry)
    {
        var (bin, column) = (entry / Columns, entry % Columns);
        var (part, at) = _part?.Invoke(column) ?? (this, column);
        return ReferenceEquals(part, this) ? $"{Name} at trial {trial}, bin {bin}, column {at}" : part.Place(trial, (bin * part.Columns) + at);
    }
}
