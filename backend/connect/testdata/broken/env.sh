a=1
# >>> gatehouse >>>
export B=2
