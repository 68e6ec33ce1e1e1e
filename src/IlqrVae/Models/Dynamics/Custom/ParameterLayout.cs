namespace IlqrVae.Models.Dynamics.Custom;

/// <summary>Where each declared parameter starts in one packed vector.</summary>
internal sealed class ParameterLayout
{
    private readonly ParameterDeclaration[] _declarations;
    private readonly int[] _offsets;

    public ParameterLayout(IEnumerable<ParameterDeclaration> declarations)
    {
        _declarations = [.. declarations];
        _offsets = new int[_declarations.Length];
        for (var i = 0; i < _declarations.Length; i++)
        {
            _offsets[i] = Length;
            Length += _declarations[i].Rows * _declarations[i].Columns;
            for (var j = 0; j < i; j++)
            {
                if (string.Equals(_declarations[j].Name, _declarations[i].Name, StringComparison.Ordinal))
                {
                    throw new ArgumentException($"Two parameters have the name '{_declarations[i].Name}'.", nameof(declarations));
                }
            }
        }
    }

    public int Length { get; }

    public ReadOnlySpan<ParameterDeclaration> Declarations => _declarations;

    /// <summary>The offset of a parameter. A handful of references to compare is faster than a dictionary.</summary>
    public int Offset(ParameterDeclaration declaration)
    {
        for (var i = 0; i < _declarations.Length; i++)
        {
            if (ReferenceEquals(_declarations[i], declaration))
            {
                return _offsets[i];
            }
        }

        throw new ArgumentException(
            $"Parameter '{declaration.Name}' is used but not listed in Parameters; declare it once, in a field, and list that field.",
            nameof(declaration));
    }

    public ParameterDeclaration Find(string name)
    {
        foreach (var declaration in _declarations)
        {
            if (string.Equals(declaration.Name, name, StringComparison.Ordinal))
            {
                return declaration;
            }
        }

        throw new ArgumentException($"There is no parameter '{name}'.", nameof(name));
    }
}
